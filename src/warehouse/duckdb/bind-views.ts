import { type DuckDBConnection, DuckDBInstance, StatementType } from '@duckdb/node-api';
import { describeError } from '../../errors/reports-error.js';
import type { View } from '../../schema/views.js';
import type { YamlProblem } from '../../yaml/read-yaml.js';
import { duckDbType } from '../staging/column-types.js';
import { identifier, run } from '../staging/sql.js';

/**
 * Finds mistakes in the SQL of views by binding them to empty tables made from the report schemas:
 * unknown names, and tables or columns other than the comment lists. For a view on a table without
 * a report schema, checks only the grammar and the table names.
 */
export async function bindProblems(views: View[]): Promise<YamlProblem[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await makeTables(connection, views);
    const problems: YamlProblem[] = [];
    for (const view of views) {
      const at = { file: view.file, column: 1, path: '' };
      for (const { line, message } of await mistakes(connection, view)) {
        problems.push({ ...at, line, message });
      }
    }
    return problems;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function makeTables(connection: DuckDBConnection, views: View[]): Promise<void> {
  const tables = new Map(views.flatMap((view) => view.tables.flat()).map((table) => [table.name, table]));
  for (const { name, columns = [] } of tables.values()) {
    if (columns.length === 0) continue;
    const own = columns.map((column) => `${identifier(column.name)} ${duckDbType(column.type)}`);
    await run(connection, `CREATE TABLE ${identifier(name)} (${own})`);
  }
}

async function mistakes(
  connection: DuckDBConnection,
  { sql, sqlLine, tables, columns }: View,
): Promise<{ line: number; message: string }[]> {
  try {
    const statements = await connection.extractStatements(sql);
    const listed = tables.flat().map(({ name }) => name.toLowerCase());
    const used = (await connection.getTableNames(sql, false)).map((name) => name.toLowerCase());
    const unused = listed.filter((name) => !used.includes(name));
    const unlisted = used.filter((name) => !listed.includes(name));
    const misread = [
      ...unused.map((name) => ({
        line: 1,
        message: `"Tables:" lists ${name}, which the SELECT does not read`,
      })),
      ...unlisted.map((name) => ({
        line: 1,
        message: `the SELECT reads ${name}, which "Tables:" does not list`,
      })),
    ];
    if (tables.flat().some((table) => !table.columns)) return misread;
    const statement = await statements.prepare(0);
    if (statement.statementType !== StatementType.SELECT) {
      return [{ line: sqlLine, message: 'expected one SELECT, which only reads' }];
    }
    const names = Array.from({ length: statement.columnCount }, (_, index) => statement.columnName(index));
    const listedColumns = columns.map(({ name }) => name);
    return [
      ...misread,
      ...(listedColumns.length > 0 && listedColumns.join() !== names.join()
        ? [
            {
              line: 1,
              message: `"Columns:" lists ${listedColumns.join(', ')}; the SELECT has ${names.join(', ')}`,
            },
          ]
        : []),
    ];
  } catch (error) {
    const found = describeError(error).replace(/^Failed to extract statements: /, '');
    const line = Number(/^LINE (\d+):/m.exec(found)?.[1] ?? 1);
    return [{ line: sqlLine + line - 1, message: found.split('\n', 1)[0] ?? '' }];
  }
}
