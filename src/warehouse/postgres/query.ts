import { ReportsError } from '../../errors/reports-error.js';
import { distinctNames } from '../rules/distinct-names.js';
import type { QueryLimits, ResultChunk, StreamedAnswer } from '../types.js';
import { maxQueries, type PostgresServer } from './connection.js';
import { PostgresError } from './errors.js';
import { type Answer, longValueHint, type Session } from './session.js';
import { identifier } from './sql.js';

const rowsPerFetch = 1000;

/** How long a query waits for those before it. */
const maxWaitSeconds = 60;

/** Of a cut answer: what is cut is the program's memory by then. */
const maxCutRowBytes = 16 * 1024 ** 2;

/** A query that nobody waits for any more must not run for ever. */
const maxQueryMinutes = 60;

/**
 * Runs one statement that reads, and passes its answer to `read` while it arrives. It has a
 * connection and a read-only transaction of its own, which end with it, so that nothing that it
 * does stays. Two columns of one name become `a` and `a_1`.
 * Errors: QUERY_FAILED for what PostgreSQL refuses, and for more than one statement; those of the
 * connection; the signal's reason.
 */
export async function runQuery<T>(
  server: PostgresServer,
  sql: string,
  read: (answer: StreamedAnswer) => Promise<T>,
  { signal, limits }: Pick<QueryLimits, 'signal' | 'limits'> = {},
): Promise<T> {
  signal?.throwIfAborted();
  if (isBlank(sql)) {
    throw queryFailed('there is no statement in it', 'write a statement, such as "SELECT * FROM _loads".');
  }
  return server.querySlots.with(() => runNow(server, sql, read, { signal, limits }), {
    clock: server.clock,
    maxWaitMs: maxWaitSeconds * 1000,
    signal,
    tooLate: () =>
      queryFailed(
        `${maxQueries} other queries of this process are running, and none has ended for ${maxWaitSeconds} s`,
        'wait until one ends, or cancel one.',
      ),
  });
}

async function runNow<T>(
  server: PostgresServer,
  sql: string,
  read: (answer: StreamedAnswer) => Promise<T>,
  { signal, limits }: Pick<QueryLimits, 'signal' | 'limits'>,
): Promise<T> {
  signal?.throwIfAborted();
  let stop: (() => void) | undefined;
  try {
    return await server.once(
      async (session) => {
        if (limits) session.limitRows(maxCutRowBytes);
        await session.begin('read');
        const processId = await session.processId();
        stop = () => void cancel(server, processId);
        signal?.addEventListener('abort', stop, { once: true });
        await session.runAll([
          `SET LOCAL search_path = ${identifier(server.schema)}, public`,
          `SET LOCAL statement_timeout = '${maxQueryMinutes}min'`,
          "SET LOCAL idle_in_transaction_session_timeout = '10min'",
        ]);
        signal?.throwIfAborted();
        // The end of the connection ends its transaction, even if not all of the answer was read.
        return await read(await answerOf(session, sql));
      },
      { isOwn: true },
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw queryError(error);
  } finally {
    if (stop) signal?.removeEventListener('abort', stop);
  }
}

/** Never fails: a query that has ended cannot be cancelled. */
async function cancel(server: PostgresServer, processId: string): Promise<void> {
  await server.once((session) => session.run('SELECT pg_cancel_backend($1)', [processId])).catch(() => {});
}

/** EXPLAIN and SHOW have short answers, and cannot be read by a cursor. */
const isShort = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(EXPLAIN|SHOW)\b/i;

async function answerOf(session: Session, sql: string): Promise<StreamedAnswer> {
  if (isShort.test(sql)) {
    const answer = await session.run(sql);
    return { columns: await columnsOf(session, answer), groups: chunks(session, answer, []) };
  }
  // Read to its end, unlike what PostgreSQL expects of a cursor.
  await session.run('SET LOCAL cursor_tuple_fraction = 1');
  await session.run(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql}`);
  const columns = await columnsOf(session, await session.run(`FETCH FORWARD 0 FROM ${cursor}`));
  const parts = fetchAll(session);
  // A query that fails at once fails before anybody has begun to write its answer.
  const first = (await parts.next()).value as Answer;
  return { columns, groups: chunks(session, first, parts) };
}

const cursor = 'sp_reports_query';

/** At least one part. */
async function* fetchAll(session: Session): AsyncGenerator<Answer, undefined> {
  for (let count = rowsPerFetch; count === rowsPerFetch; ) {
    count = 0;
    for await (const part of session.parts(`FETCH ${rowsPerFetch} FROM ${cursor}`)) {
      count += part.count;
      yield part;
    }
  }
}

async function* chunks(
  session: Session,
  first: Answer,
  others: Iterable<Answer> | AsyncIterable<Answer>,
): AsyncGenerator<ResultChunk> {
  if (first.rows.length > 0) yield chunkOf(session, first);
  try {
    for await (const part of others) if (part.rows.length > 0) yield chunkOf(session, part);
  } catch (error) {
    throw queryError(error);
  }
}

function chunkOf(session: Session, { columns, rows }: Answer): ResultChunk {
  return {
    count: rows.length,
    rows: (from, to) =>
      rows.slice(from, to).map((row) => columns.map(({ type }, index) => session.value(row[index], type))),
  };
}

async function columnsOf(session: Session, { columns }: Answer): Promise<StreamedAnswer['columns']> {
  const types = await session.values(
    `SELECT FORMAT_TYPE(type, modifier) FROM UNNEST(CAST($1 AS oid[]), CAST($2 AS integer[])) WITH ORDINALITY
       AS types(type, modifier, position) ORDER BY position`,
    [columns.map(({ type }) => type), columns.map(({ modifier }) => modifier)],
  );
  return distinctNames(columns.map(({ name }) => name)).map((name, index) => ({
    name,
    type: String(types[index]?.[0]),
  }));
}

/** Only blanks, semicolons and comments. */
function isBlank(sql: string): boolean {
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|[\s;]/g, '') === '';
}

/** Blames the query for a failure, unless it is about the server, the connection or the login. */
function queryError(error: unknown): unknown {
  if (!(error instanceof PostgresError)) return error;
  const isConflict = /conflict with recovery/.test(String(error.details.found));
  const isAboutQuery =
    isConflict ||
    /^(0A|21|22|2[0-9BFL]|3[4-9B-F]|3F|42|44|54|P0)/.test(error.sqlState) ||
    ['25006', '25P02', '57014'].includes(error.sqlState) ||
    // PostgreSQL has no code of its own for a value that is too large for it.
    /invalid memory alloc request size/.test(String(error.details.found));
  if (!isAboutQuery || error.sqlState.startsWith('28')) return error;
  const found = String(error.details.found);
  return queryFailed(found, hintFor(error.sqlState, found), error);
}

function hintFor(sqlState: string, found: string): string {
  const hint = hints.find(({ where }) => where.test(sqlState) || where.test(found))?.hint;
  return hint ?? "correct the statement. postgresql.org/docs describes PostgreSQL's SQL.";
}

const hints: { where: RegExp; hint: string }[] = [
  {
    where:
      /Cannot enlarge string buffer|string buffer exceeds|invalid memory alloc request size|requested length too large/i,
    hint: longValueHint,
  },
  { where: /^cannot insert multiple commands/, hint: 'run one statement at a time.' },
  {
    where:
      /^25006$|must not contain data-modifying|syntax error at or near "(insert|update|delete|drop|create|alter|truncate|copy|merge|grant|vacuum)"/i,
    hint: 'give one SELECT; only loads change the warehouse.',
  },
  {
    where: /conflict with recovery/,
    hint: 'run it again. A standby ends queries that keep it from following: set hot_standby_feedback = on there, or raise max_standby_streaming_delay.',
  },
  { where: /^57014$/, hint: 'select less data; it took too long, or somebody cancelled it.' },
  {
    where: /^42P01$/,
    hint: '`sp-reports tables` lists the tables, `sp-reports tables --views` the views and the tables they wait for. _loads is the ledger, _rejects has the rejects.',
  },
  {
    where: /^42703$/,
    hint: '`sp-reports query "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = \'<table>\'"` lists the columns of a table.',
  },
  { where: /^42501$/, hint: 'grant the user of `warehouse.url` the right to read it.' },
];

function queryFailed(found: string, hint: string, cause?: unknown): ReportsError {
  return new ReportsError('QUERY_FAILED', { found, hint }, { cause });
}
