import type { YamlProblem } from '../yaml/read-yaml.js';
import { readColumnPath, readRowsPath } from './object-path.js';
import { listOf, mapOf, type ProblemAt, textsOf, type YamlMap } from '../yaml/yaml-maps.js';

/**
 * Verifies the paths of a JSON or XML schema: to the rows of each table, and to the values of a
 * row.
 */
export function checkPaths(format: unknown, tables: YamlMap[], problemAt: ProblemAt): YamlProblem[] {
  if (format === 'tsv' || format === 'csv') {
    return tables.flatMap(({ rows }, index) =>
      rows === undefined
        ? []
        : [
            problemAt(
              ['tables', index, 'rows'],
              `rows is only for json and xml; remove it in ${format}`,
              'key',
            ),
          ],
    );
  }
  if (format !== 'json' && format !== 'xml') return [];
  return tables.flatMap((table, index) => [
    ...checkRows(format, tables, index, problemAt),
    ...checkColumns(table, index, problemAt),
  ]);
}

function checkRows(format: string, tables: YamlMap[], index: number, problemAt: ProblemAt): YamlProblem[] {
  const path = ['tables', index, 'rows'];
  const rows = tables[index]?.rows;
  if (rows === undefined) {
    const problem = `a table of a ${format} document needs rows: the path to the list of its rows, or $ for the document itself`;
    return [problemAt(['tables', index], problem)];
  }
  if (typeof rows !== 'string') return [];
  if (!readRowsPath(rows)) {
    const hint = rows.startsWith('$.') ? `; remove "$."` : '';
    return [problemAt(path, `expected names with dots between, such as campaigns.coupons, or $${hint}`)];
  }
  const first = tables.findIndex((table) => table.rows === rows);
  return first < index
    ? [problemAt(path, `"${rows}" are already the rows of tables[${first}]; add the columns there`)]
    : [];
}

function checkColumns({ rows, columns }: YamlMap, table: number, problemAt: ProblemAt): YamlProblem[] {
  const depth = typeof rows === 'string' ? readRowsPath(rows)?.length : undefined;
  return listOf(columns).flatMap((column, index) => {
    const { from } = mapOf(column);
    return textsOf([from].flat()).flatMap((text, position) => {
      const at = ['tables', table, 'columns', index, 'from', ...(Array.isArray(from) ? [position] : [])];
      const path = readColumnPath(text);
      if (!path) {
        return [
          problemAt(at, `expected a path such as sales.amount, $.header.date or ^.name, found "${text}"`),
        ];
      }
      return depth !== undefined && path.up > depth
        ? [
            problemAt(
              at,
              `"${text}" goes beyond the top of the document: ${levels(depth)} above the rows of ${rows}`,
            ),
          ]
        : [];
    });
  });
}

function levels(count: number): string {
  if (count === 0) return 'there is no level';
  return count === 1 ? 'there is 1 level' : `there are ${count} levels`;
}
