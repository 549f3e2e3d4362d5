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
import { fileError, firstLine } from '../../errors/duckdb-error.js';
import { distinctNames } from '../rules/distinct-names.js';
import { cutAnswer } from './cut-answer.js';
import { innerQuery, judgeQuery } from './judge-query.js';
import { queryFailed, QueryRefusal } from './query-failure.js';
import { toJsonValue } from './values.js';

/**
 * Runs one statement that reads, on a connection opened for reading. The rows must be read while
 * the connection is open; they are converted group by group as DuckDB makes them. Two columns of
 * one name become `a` and `a_1`. Errors: QUERY_FAILED for anything that DuckDB refuses, for
 * statements that do not read and for more than one statement.
 */
export async function runQuery(
  connection: DuckDBConnection,
  sql: string,
  path: string,
  limits?: AnswerLimits,
): Promise<StreamedAnswer> {
  try {
    await judgeQuery(connection, sql);
    const whole = await prepareReading(connection, sql);
    let cut: DuckDBPreparedStatement | undefined;
    try {
      const columns = answerColumns(whole);
      cut = limits && (await prepareCut(connection, sql, whole, limits));
      const result = await (cut ?? whole).stream();
      return { columns, groups: rowGroups(result, columns, path, cut !== undefined) };
    } finally {
      // A statement keeps the file open until it is destroyed, or collected some time.
      whole.destroySync();
      cut?.destroySync();
    }
  } catch (error) {
    throw queryError(error, path);
  }
}

/**
 * In a cut answer each column is two; the second one is the beginning of a value that is too long.
 */
async function* rowGroups(
  result: DuckDBResult,
  columns: StreamedAnswer['columns'],
  path: string,
  isCut: boolean,
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
    const value = (column: number, row: number) => chunk.getColumnVector(column).getItem(row);
    const cell = (column: number, row: number) =>
      isCut
        ? (value(2 * column + 1, row) ?? toJsonValue(value(2 * column, row), isJson[column]))
        : toJsonValue(value(column, row), isJson[column]);
    const rows = (from = 0, to = rowCount) =>
      Array.from({ length: Math.max(0, Math.min(to, rowCount) - from) }, (_, index) =>
        columns.map((_column, column) => cell(column, from + index)),
      );
    yield { count: rowCount, rows };
  }
}

/** Prepares the statement that was checked, after creating the enum types of a PIVOT in memory. */
async function prepareReading(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(sql);
  const last = statements.count - 1;
  for (let index = 0; index < last; index += 1) {
    const part = await statements.prepare(index);
    try {
      if (part.statementType !== StatementType.CREATE) refuse(part.statementType);
      await part.run();
    } finally {
      part.destroySync();
    }
  }
  const statement = await statements.prepare(last);
  const { statementType } = statement;
  if (statementType === StatementType.SELECT || statementType === StatementType.EXPLAIN) return statement;
  statement.destroySync();
  return refuse(statementType);
}

/**
 * The same statement, cut in SQL; undefined for EXPLAIN, which cannot be embedded in another one.
 */
async function prepareCut(
  connection: DuckDBConnection,
  sql: string,
  whole: DuckDBPreparedStatement,
  { rows, cellCharacters, bytes }: AnswerLimits,
): Promise<DuckDBPreparedStatement | undefined> {
  const inner = await innerQuery(connection, sql);
  if (!inner) return undefined;
  const types = Array.from({ length: whole.columnCount }, (_, index) => whole.columnType(index));
  // A single row must not exceed the limit by much either.
  const characters = Math.min(cellCharacters, Math.ceil(bytes / (bytesOfCharacter * types.length)));
  return prepareReading(connection, cutAnswer(inner.text, types, { rows, characters }));
}

/** A control character in JSON. */
const bytesOfCharacter = 6;

function answerColumns(answer: DuckDBPreparedStatement | DuckDBResult): QueryResult['columns'] {
  const names = Array.from({ length: answer.columnCount }, (_, index) => answer.columnName(index));
  return distinctNames(names).map((name, index) => ({ name, type: typeText(answer.columnType(index)) }));
}

function refuse(type: StatementType): never {
  throw new QueryRefusal(`${StatementType[type]} is not a statement that reads`);
}

/** The error of the catalogue for whatever kept a query from its answer. */
export function queryError(error: unknown, path: string): ReportsError {
  const known = fileError(error, path);
  // For a query, not for a commit that could be retried with more memory.
  const isTooLarge = known instanceof ReportsError && known.code === 'WAREHOUSE_OUT_OF_MEMORY';
  return known instanceof ReportsError && !isTooLarge
    ? known
    : queryFailed(
        (isTooLarge ? firstLine(error) : describeError(error))
          .replace(/^Failed to extract statements: /, '')
          .trim(),
        error,
      );
}

/** As DESCRIBE names it: JSON is text by another name. */
function typeText(type: DuckDBType): string {
  return type.alias ?? String(type);
}
