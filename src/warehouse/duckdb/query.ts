import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBType,
  StatementType,
} from '@duckdb/node-api';
import { ReportsError } from '../../errors.js';
import type { QueryResult } from '../types.js';
import { fileError } from './connection.js';
import { toJsonValue } from './values.js';

/**
 * Runs one statement that reads, on a connection opened for reading, and gives all its rows. Rows are converted chunk by chunk as
 * DuckDB makes them. Two columns of one name are told apart as `a`, `a_1`.
 * Fails with QUERY_FAILED for anything DuckDB refuses, for statements that don't read and for more than one statement.
 */
export async function runQuery(
  connection: DuckDBConnection,
  sql: string,
  path: string,
): Promise<QueryResult> {
  try {
    const statement = await prepareReading(connection, sql);
    const result = await statement.stream();
    const names = distinctNames(result.columnNames());
    const columns = names.map((name, index) => ({ name, type: typeText(result.columnType(index)) }));
    const rows: Record<string, unknown>[] = [];
    for await (const chunk of result.yieldRows()) {
      for (const row of chunk) {
        const cells = columns.map(({ name, type }, index) => [
          name,
          toJsonValue(row[index] ?? null, type === 'JSON'),
        ]);
        rows.push(Object.fromEntries(cells));
      }
    }
    return { columns, rows };
  } catch (error) {
    const known = fileError(error, path);
    if (known instanceof ReportsError) throw known;
    const found = error instanceof Error ? error.message.trim() : String(error);
    throw new ReportsError('QUERY_FAILED', { found }, { cause: error });
  }
}

/**
 * DuckDB takes a PIVOT apart into statements that make an enum type, in memory, and one that reads; only a text with PIVOT
 * may have several.
 */
async function prepareReading(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  if (isBlank(sql)) throw new ReportsError('QUERY_FAILED', { found: 'there is no statement in it' });
  const statements = await connection.extractStatements(sql);
  const last = statements.count - 1;
  if (last > 0 && !/\bpivot/i.test(sql)) {
    throw new ReportsError('QUERY_FAILED', {
      found: `it has ${statements.count} statements; give one at a time`,
    });
  }
  for (let index = 0; index < last; index += 1) {
    const part = await statements.prepare(index);
    if (part.statementType !== StatementType.CREATE) refuse(part.statementType);
    await part.run();
  }
  const statement = await statements.prepare(last);
  if (statement.statementType !== StatementType.SELECT && statement.statementType !== StatementType.EXPLAIN) {
    refuse(statement.statementType);
  }
  return statement;
}

function refuse(type: StatementType): never {
  throw new ReportsError('QUERY_FAILED', {
    found: `${StatementType[type]} is not a statement that reads; the warehouse is open for reading only`,
  });
}

/** Nothing but blanks, semicolons and comments, which DuckDB's parser answers with an error that says nothing. */
function isBlank(sql: string): boolean {
  return /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*$/.test(sql);
}

/** As DESCRIBE says it: JSON is text by another name. */
function typeText(type: DuckDBType): string {
  return type.alias ?? String(type);
}

function distinctNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const given = new Set<string>();
  return names.map((name) => {
    let distinct = name;
    for (let count = 1; given.has(distinct); count += 1) {
      const candidate = `${name}_${count}`;
      if (!taken.has(candidate)) distinct = candidate;
    }
    given.add(distinct);
    return distinct;
  });
}
