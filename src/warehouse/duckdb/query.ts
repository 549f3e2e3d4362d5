import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBType,
  StatementType,
} from '@duckdb/node-api';
import { describeError, ReportsError } from '../../errors/reports-error.js';
import type { AnswerLimits, QueryResult, ResultChunk, StreamedAnswer } from '../types.js';
import { fileError } from '../staging/errors.js';
import { queryHint } from './query-hint.js';
import { identifier } from '../staging/sql.js';
import { toJsonValue } from './values.js';

/**
 * Runs one statement that reads, on a connection opened for reading. The rows are to be read while the connection is open; they are
 * converted group by group as DuckDB makes them. Two columns of one name are told apart as `a`, `a_1`.
 * Fails with QUERY_FAILED for anything DuckDB refuses, for statements that don't read and for more than one statement.
 */
export async function runQuery(
  connection: DuckDBConnection,
  sql: string,
  path: string,
  most?: AnswerLimits,
): Promise<StreamedAnswer> {
  try {
    const whole = await prepareReading(connection, sql);
    const less = most && (await prepareLess(connection, sql, answerColumns(whole), most));
    const result = await (less ?? whole).stream();
    const columns = answerColumns(result);
    return { columns, groups: rowGroups(result, columns, path) };
  } catch (error) {
    throw queryError(error, path);
  }
}

async function* rowGroups(
  result: DuckDBResult,
  columns: StreamedAnswer['columns'],
  path: string,
): AsyncGenerator<ResultChunk> {
  const isJson = columns.map(({ type }) => type === 'JSON');
  for (;;) {
    let chunk: DuckDBDataChunk | null;
    try {
      chunk = await result.fetchChunk();
    } catch (error) {
      throw queryError(error, path);
    }
    if (!chunk || chunk.rowCount === 0) return;
    const { rowCount } = chunk;
    const row = (index: number) =>
      isJson.map((isJsonColumn, column) =>
        toJsonValue(chunk.getColumnVector(column).getItem(index), isJsonColumn),
      );
    const rows = (from = 0, to = rowCount) =>
      Array.from({ length: Math.max(0, Math.min(to, rowCount) - from) }, (_, index) => row(from + index));
    yield { count: rowCount, rows };
  }
}

/**
 * DuckDB takes a PIVOT apart into statements that make an enum type, in memory, and one that reads; only a text with PIVOT
 * may have several.
 */
async function prepareReading(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  if (isBlank(sql)) throw queryFailed('there is no statement in it');
  const statements = await connection.extractStatements(sql);
  const last = statements.count - 1;
  if (last > 0 && !/\bpivot/i.test(sql)) {
    throw queryFailed(`it has ${statements.count} statements`);
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

/** The same statement for no more than that; undefined where it can't stand in another one. */
async function prepareLess(
  connection: DuckDBConnection,
  sql: string,
  columns: QueryResult['columns'],
  most: AnswerLimits,
): Promise<DuckDBPreparedStatement | undefined> {
  const inner = columns.map((_, index) => `c${index}`);
  const outer = columns.map(({ name, type }, index) => {
    const value = type === 'VARCHAR' ? `left(c${index}, ${most.characters})` : `c${index}`;
    return `${value} AS ${identifier(name)}`;
  });
  // A comment at its end goes no further than its line.
  const from = `(${sql.replace(/[\s;]+$/, '')}\n) AS answer(${inner.join(', ')})`;
  try {
    return await connection.prepare(`SELECT ${outer.join(', ')} FROM ${from} LIMIT ${most.rows}`);
  } catch {
    return undefined;
  }
}

function answerColumns(answer: DuckDBPreparedStatement | DuckDBResult): QueryResult['columns'] {
  const names = Array.from({ length: answer.columnCount }, (_, index) => answer.columnName(index));
  return distinctNames(names).map((name, index) => ({ name, type: typeText(answer.columnType(index)) }));
}

function refuse(type: StatementType): never {
  throw queryFailed(`${StatementType[type]} is not a statement that reads`);
}

function queryError(error: unknown, path: string): ReportsError {
  const known = fileError(error, path);
  return known instanceof ReportsError
    ? known
    : queryFailed(
        describeError(error)
          .replace(/^Failed to extract statements: /, '')
          .trim(),
        error,
      );
}

function queryFailed(found: string, cause?: unknown): ReportsError {
  return new ReportsError('QUERY_FAILED', { found, hint: queryHint(found) }, { cause });
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
