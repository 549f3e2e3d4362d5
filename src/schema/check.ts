import { didYouMean } from '../text/nearest-name.js';
import type { YamlProblem, YamlFile } from '../yaml/read-yaml.js';
import type { YamlPath } from '../yaml/spec-issues.js';
import { historyColumnNames, historyModes } from './history.js';
import { looseHeader } from './column-name.js';
import { readColumnType } from './column-type.js';
import { checkChecks } from './check-checks.js';
import { checkPaths } from './check-paths.js';
import { listOf, mapOf, type ProblemAt, textsOf, type YamlMap } from '../yaml/yaml-maps.js';

/**
 * Verifies what the spec of a report schema cannot: names refer to columns, names and headers are
 * unique, and load modes have the keys they need. It works on the data of the file, so that it also
 * reports problems if another part violates the spec.
 */
export function checkReportSchema({
  data,
  problemAt,
}: Pick<YamlFile<unknown>, 'data' | 'problemAt'>): YamlProblem[] {
  const schema = mapOf(data);
  const tables = listOf(schema.tables);
  const problems = tables.flatMap((table, index) => checkTable(mapOf(table), ['tables', index], problemAt));
  const fillsOne = schema.format === 'tsv' || schema.format === 'csv' || schema.format === 'xlsx';
  if (fillsOne && Array.isArray(schema.tables) && tables.length !== 1) {
    const remedy = tables.length === 0 ? '; omit tables if its columns are not known' : '';
    const found = `found ${tables.length}${remedy}`;
    problems.push(problemAt(['tables'], `a ${schema.format} document fills one table, ${found}`, 'key'));
  }
  if (schema.format === 'raw' && tables.length > 0) {
    problems.push(problemAt(['tables'], 'a raw document is not parsed, so it fills no table', 'key'));
  }
  return [
    ...problems,
    ...checkSources(mapOf(schema.request), problemAt),
    ...checkPaths(schema.format, tables.map(mapOf), problemAt),
    ...repeatedNames(tables, ['tables'], problemAt),
  ];
}

/** A source belongs to a fact that the schema states. */
function checkSources(request: YamlMap, problemAt: ProblemAt): YamlProblem[] {
  const facts = Object.keys(request).filter((key) => key !== 'sources');
  return Object.keys(mapOf(request.sources))
    .filter((name) => !facts.includes(name))
    .map((name) => {
      const message = `\`request\` states no "${name}"${didYouMean(name, facts)}`;
      return problemAt(['request', 'sources', name], message, 'key');
    });
}

function checkTable(table: YamlMap, path: YamlPath, problemAt: ProblemAt): YamlProblem[] {
  const columns = listOf(table.columns).map(mapOf);
  return [
    ...repeatedNames(columns, [...path, 'columns'], problemAt),
    ...repeatedHeaders(columns, [...path, 'columns'], problemAt),
    ...checkLoad(mapOf(table.load), columns, [...path, 'load'], problemAt),
    ...checkPartition(table.partitionBy, columns, [...path, 'partitionBy'], problemAt),
    ...checkHistory(table, columns, path, problemAt),
    ...repeatedNames(listOf(table.checks), [...path, 'checks'], problemAt),
    ...checkChecks(table.checks, columns, [...path, 'checks'], problemAt),
  ];
}

function checkLoad(load: YamlMap, columns: YamlMap[], path: YamlPath, problemAt: ProblemAt): YamlProblem[] {
  const key = listOf(load.key);
  const names = textsOf(columns.map(({ name }) => name));
  const keyPath = [...path, 'key'];
  const needsKey = load.mode === 'merge' || load.mode === 'replace';
  const problems = key.flatMap((name, index) => {
    if (typeof name !== 'string') return [];
    if (!names.includes(name)) {
      return [problemAt([...keyPath, index], `no column "${name}" in this table${didYouMean(name, names)}`)];
    }
    if (columns.some((column) => column.name === name && column.pii === true)) {
      const message = `"${name}" is personal data, which may be hashed or removed; a key needs other columns`;
      return [problemAt([...keyPath, index], message)];
    }
    return key.indexOf(name) < index
      ? [problemAt([...keyPath, index], `"${name}" is already in the key`)]
      : [];
  });
  if (needsKey && isListOrAbsent(load.key) && key.length === 0) {
    problems.push(
      problemAt(keyPath, `${load.mode} needs the columns that identify the rows to replace`, 'key'),
    );
  }
  if ((load.mode === 'append' || load.mode === 'snapshot') && key.length > 0) {
    problems.push(problemAt(keyPath, `${load.mode} has no key; remove it, or use merge or replace`, 'key'));
  }
  return problems;
}

function checkPartition(
  name: unknown,
  columns: YamlMap[],
  path: YamlPath,
  problemAt: ProblemAt,
): YamlProblem[] {
  if (typeof name !== 'string') return [];
  const column = columns.find((candidate) => candidate.name === name);
  if (!column) {
    return [
      problemAt(
        path,
        `no column "${name}" in this table${didYouMean(name, textsOf(columns.map((c) => c.name)))}`,
      ),
    ];
  }
  const kind = typeof column.type === 'string' ? readColumnType(column.type)?.kind : undefined;
  return kind === undefined || kind === 'date' || kind === 'timestamp'
    ? []
    : [problemAt(path, `expected a date or timestamp column, found "${name}" of type ${kind}`)];
}

function checkHistory(
  { history, load }: YamlMap,
  columns: YamlMap[],
  path: YamlPath,
  problemAt: ProblemAt,
): YamlProblem[] {
  if (!historyModes.some((each) => each === history)) return [];
  if (mapOf(load).mode !== 'snapshot') {
    const message = 'only a table with the load mode snapshot has a history: the others keep their rows';
    return [problemAt([...path, 'history'], message)];
  }
  return [...historyColumnNames].flatMap((name) => {
    const index = columns.findIndex((column) => column.name === name);
    if (index < 0) return [];
    return [
      problemAt([...path, 'columns', index, 'name'], `"${name}" is the name of a column that histories have`),
    ];
  });
}

function repeatedNames(items: unknown[], path: YamlPath, problemAt: ProblemAt): YamlProblem[] {
  const first = new Map<string, number>();
  return items.flatMap((item, index) => {
    const { name } = mapOf(item);
    if (typeof name !== 'string') return [];
    // SQL names are case-insensitive.
    const same = first.get(name.toLowerCase());
    if (same === undefined) first.set(name.toLowerCase(), index);
    return same === undefined
      ? []
      : [problemAt([...path, index, 'name'], `"${name}" is already the name of ${path.at(-1)}[${same}]`)];
  });
}

function repeatedHeaders(columns: YamlMap[], path: YamlPath, problemAt: ProblemAt): YamlProblem[] {
  const owners = new Map<string, number>();
  return columns.flatMap(({ from }, index) =>
    [from].flat().flatMap((header, position) => {
      if (typeof header !== 'string') return [];
      const owner = owners.get(looseHeader(header));
      if (owner === undefined) owners.set(looseHeader(header), index);
      if (owner === undefined || owner === index) return [];
      const at = [...path, index, 'from', ...(Array.isArray(from) ? [position] : [])];
      return [problemAt(at, `header "${header}" already belongs to columns[${owner}]`)];
    }),
  );
}

function isListOrAbsent(value: unknown): boolean {
  return value === undefined || Array.isArray(value);
}
