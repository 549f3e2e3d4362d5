import { didYouMean } from '../text/nearest-name.js';
import type { YamlProblem } from '../yaml/read-yaml.js';
import type { YamlPath } from '../yaml/spec-issues.js';
import { readColumnType } from './column-type.js';
import { listOf, mapOf, type ProblemAt, textsOf, type YamlMap } from '../yaml/yaml-maps.js';

/** Verifies the checks of a table: their columns exist, and the summed ones are numbers. */
export function checkChecks(
  checks: unknown,
  columns: YamlMap[],
  path: YamlPath,
  problemAt: ProblemAt,
): YamlProblem[] {
  return listOf(checks)
    .map(mapOf)
    .flatMap(({ sum, equals, per }, index) => {
      const columnAt = (name: unknown, key: string, position?: number) => ({
        name,
        at: [...path, index, key, ...(position === undefined ? [] : [position])],
      });
      const named = (value: unknown, key: string) =>
        Array.isArray(value)
          ? value.map((name, position) => columnAt(name, key, position))
          : [columnAt(value, key)];
      const numbers = [...named(sum, 'sum'), ...named(equals, 'equals')];
      return [
        ...numbers.flatMap(
          ({ name, at }) =>
            unknownColumn(name, columns, at, problemAt) ?? notANumber(name, columns, at, problemAt),
        ),
        ...named(per, 'per').flatMap(({ name, at }) => unknownColumn(name, columns, at, problemAt) ?? []),
        ...named(sum, 'sum').flatMap(({ name, at }) =>
          name !== undefined && name === equals
            ? [problemAt(at, `"${name}" is the stated sum and cannot be part of it; remove it here`)]
            : [],
        ),
      ];
    });
}

/**
 * Returns a problem if the column is unknown. If its name is not a text, the spec reports that.
 */
function unknownColumn(
  name: unknown,
  columns: YamlMap[],
  at: YamlPath,
  problemAt: ProblemAt,
): YamlProblem[] | undefined {
  if (typeof name !== 'string') return undefined;
  const names = textsOf(columns.map((column) => column.name));
  if (names.includes(name)) return undefined;
  return [problemAt(at, `no column "${name}" in this table${didYouMean(name, names)}`)];
}

function notANumber(name: unknown, columns: YamlMap[], at: YamlPath, problemAt: ProblemAt): YamlProblem[] {
  const type = columns.find((column) => column.name === name)?.type;
  const kind = typeof type === 'string' ? readColumnType(type)?.kind : undefined;
  return kind === undefined || kind === 'decimal' || kind === 'int64'
    ? []
    : [problemAt(at, `expected a decimal or int64 column, found "${name}" of type ${kind}`)];
}
