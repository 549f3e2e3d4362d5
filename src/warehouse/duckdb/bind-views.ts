import { type DuckDBConnection, DuckDBInstance, StatementType } from '@duckdb/node-api';
import { describeError } from '../../errors/reports-error.js';
import type { FactRow } from '../../schema/facts.js';
import type { View, ViewTable } from '../../schema/views.js';
import { inOrder, type YamlProblem } from '../../yaml/read-yaml.js';
import { duckDbType } from '../staging/column-types.js';
import { identifier, run } from '../staging/sql.js';
import { localDate } from './views.js';

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
    for (const view of inReadingOrder(views)) {
      const at = { file: view.file, column: 1, path: '' };
      const found = await mistakes(connection, view);
      for (const { line, message } of found) problems.push({ ...at, line, message });
      if (found.length === 0) await makeView(connection, view);
    }
    return inOrder(problems);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function makeTables(connection: DuckDBConnection, views: View[]): Promise<void> {
  const tables = new Map(views.flatMap((view) => view.tables.flat()).map((table) => [table.name, table]));
  await run(connection, `CREATE MACRO local_date(moment, zone) AS ${localDate('moment', 'zone')}`);
  for (const { name, facts: [fact] = [], columns = factColumns(fact) } of tables.values()) {
    if (columns.length === 0) continue;
    const own = columns.map((column) => `${identifier(column.name)} ${duckDbType(column.type)}`);
    await run(connection, `CREATE TABLE ${identifier(name)} (${own})`);
  }
}

function factColumns(row: FactRow = {}): NonNullable<ViewTable['columns']> {
  return Object.keys(row).map((name) => ({ name, type: { kind: 'string' } }));
}

/** Each view after those that it reads. */
function inReadingOrder(views: View[]): View[] {
  const read = views.flatMap(({ tables }) => tables.flat().flatMap(({ view }) => view ?? []));
  return [...new Set([...(read.length > 0 ? inReadingOrder(read) : []), ...views])];
}

/**
 * Makes what others may read, as a table, because DuckDB names the tables of a view instead of it.
 * A view on a table without a report schema cannot be made.
 */
async function makeView(connection: DuckDBConnection, { name, sql, tables }: View): Promise<void> {
  if (!isBindable(tables)) return;
  await run(connection, `CREATE TABLE ${identifier(name)} AS ${sql}`);
}

/** Whether the columns of everything that a view reads are known. */
function isBindable(tables: View['tables']): boolean {
  return tables
    .flat()
    .every(({ columns, facts, view }) => columns ?? facts ?? (view && isBindable(view.tables)));
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
    if (!isBindable(tables)) return misread;
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
