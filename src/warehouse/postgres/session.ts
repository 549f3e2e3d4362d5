import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { ReportsError } from '../../errors/reports-error.js';
import { toJsonValue } from './values.js';
import { postgresError } from './errors.js';
import { limitMessages } from './message-limit.js';
import { literal } from './sql.js';

/** The answer to one statement. */
export interface Answer {
  columns: { name: string; type: number; modifier: number }[];
  /** As PostgreSQL's text. */
  rows: (string | null)[][];
  /** Rows that a statement returned or changed. */
  count: number;
}

/**
 * What every transaction has, whatever the defaults of role and database: times are read as UTC,
 * values are written as `toJsonValue` reads them, and a read has time enough. Nothing is set for a
 * whole connection: a pooler may give each transaction to another one.
 */
const transactionSettings = Object.entries({
  // Without a limit first, as one counts from the beginning of all these statements together.
  statement_timeout: '0',
  lock_timeout: '0',
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  // This process may be busy between two statements.
  idle_in_transaction_session_timeout: '5min',
  standard_conforming_strings: 'on',
  // The server ends the transaction of a machine that is gone, and with it the lock of commits.
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
})
  .concat([['statement_timeout', '10min']])
  .map(([name, value]) => `SET LOCAL ${name} = ${literal(value)}`);

/** The connections that are prepared, each with what is noted of it. */
const prepared = new WeakMap<object, { maxRowBytes: number }>();

/**
 * A row with more is not read: it takes a multiple of its size in memory. A document with the
 * default limits has no such row.
 */
const maxRowBytes = 64 * 1024 ** 2;

/** A part of an answer has about this many bytes, or one row. */
const partBytes = 1024 ** 2;

/** One connection while it does a piece of work. */
export class Session {
  private constructor(
    private readonly client: pg.PoolClient,
    private readonly path: string,
  ) {}

  static open(client: pg.PoolClient, path: string): Session {
    if (!prepared.has(client)) {
      const limits = { maxRowBytes };
      limitMessages(client.connection.stream, () => limits.maxRowBytes, rowTooLarge);
      prepared.set(client, limits);
    }
    return new Session(client, path);
  }

  /** Reads no larger row on this connection from now on. */
  limitRows(bytes: number): void {
    const limits = prepared.get(this.client);
    if (limits) limits.maxRowBytes = bytes;
  }

  /** The number of the server's process for this connection, within a transaction. */
  async processId(): Promise<string> {
    return String((await this.run('SELECT pg_backend_pid()')).rows[0]?.[0]);
  }

  /**
   * Runs one statement, with `$1` and so on for the values. Several statements in one text are
   * refused.
   */
  async run(sql: string, values: unknown[] = []): Promise<Answer> {
    const query = { text: sql, values, rowMode: 'array' as const, queryMode: 'extended' };
    const { fields, rows, rowCount } = await this.client
      .query<(string | null)[]>(query)
      .catch((error: unknown) => {
        throw postgresError(error, this.path);
      });
    return { columns: columnsOf(fields), rows, count: rowCount ?? 0 };
  }

  /**
   * As `run`, with the rows in parts while they arrive: at least one part, and one without rows
   * only if there are none. The server waits while nobody reads further, so that only a part is in
   * memory, with what one read of the network brings.
   */
  async *parts(sql: string): AsyncGenerator<Answer> {
    const { default: lib } = await import('pg');
    const { stream } = this.client.connection;
    let columns: Answer['columns'] = [];
    let rows: Answer['rows'] = [];
    let bytes = 0;
    let end: { error?: unknown } | undefined;
    let isFirst = true;
    let wake = () => {};
    const query = new lib.Query({ text: sql, rowMode: 'array', queryMode: 'extended' } as pg.QueryConfig);
    const note = (fields: pg.FieldDef[] = []) => {
      if (columns.length === 0) columns = columnsOf(fields);
    };
    query.on('row', (row: (string | null)[], result) => {
      note(result?.fields);
      rows.push(row);
      for (const value of row) bytes += value?.length ?? 0;
      if (bytes < partBytes) return;
      stream.pause();
      wake();
    });
    query.on('end', (result) => {
      note(result.fields);
      end = {};
      wake();
    });
    query.on('error', (error) => {
      end = { error };
      wake();
    });
    this.client.query(query);
    for (;;) {
      if (!end && bytes < partBytes) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (end?.error !== undefined) throw postgresError(end.error, this.path);
      const part = { columns, rows, count: rows.length };
      rows = [];
      bytes = 0;
      if (part.count > 0 || isFirst) yield part;
      isFirst = false;
      stream.resume();
      if (end && rows.length === 0) return;
    }
  }

  /** Runs statements without values, all in one message. */
  async runAll(statements: string[]): Promise<void> {
    if (statements.length === 0) return;
    await this.client.query(statements.join(';\n')).catch((error: unknown) => {
      throw postgresError(error, this.path);
    });
  }

  /** As `run`, with rows as objects of converted values. */
  async records(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
    const { columns, rows } = await this.run(sql, values);
    return rows.map((row) =>
      Object.fromEntries(columns.map(({ name, type }, index) => [name, this.value(row[index], type)])),
    );
  }

  /** As `run`, with rows as lists of converted values. */
  async values(sql: string, values?: unknown[]): Promise<unknown[][]> {
    const { columns, rows } = await this.run(sql, values);
    return rows.map((row) => columns.map(({ type }, index) => this.value(row[index], type)));
  }

  value(text: string | null | undefined, type: number): unknown {
    return toJsonValue(text ?? null, type);
  }

  /**
   * Begins a transaction. In `write` it waits for locks as long as it takes, and its commit is on
   * disk when it ends, whatever the defaults of role and database. Its statements find few rows of
   * large tables, by index.
   */
  async begin(mode: 'read' | 'write'): Promise<void> {
    const access = mode === 'read' ? 'READ ONLY' : 'READ WRITE';
    await this.runAll([`BEGIN ISOLATION LEVEL READ COMMITTED ${access}`, ...transactionSettings]);
    if (mode === 'read') return;
    // `transaction_timeout` is there from version 17 on.
    await this.run(
      `SELECT set_config(name, CASE name
         WHEN 'synchronous_commit' THEN CASE setting WHEN 'off' THEN 'on' ELSE setting END
         WHEN 'random_page_cost' THEN '1.1' WHEN 'jit' THEN 'off'
         ELSE '0' END, TRUE)
       FROM pg_settings
       WHERE name IN ('statement_timeout', 'transaction_timeout', 'synchronous_commit', 'random_page_cost', 'jit')`,
    );
  }

  /** Does work in a transaction, which a failure rolls back. */
  async transaction<T>(mode: 'read' | 'write', work: () => Promise<T>): Promise<T> {
    await this.begin(mode);
    try {
      const result = await work();
      await this.commit();
      return result;
    } catch (error) {
      // Nothing can be rolled back on a connection that is lost.
      await this.rollback().catch(() => {});
      throw error;
    }
  }

  async commit(): Promise<void> {
    await this.run('COMMIT');
  }

  async rollback(): Promise<void> {
    await this.run('ROLLBACK');
  }

  /** Sends rows to a table by binary COPY while they are made. Returns how many came in. */
  async copyIn(target: string, rows: AsyncIterable<Buffer>): Promise<number> {
    const { from } = await import('pg-copy-streams');
    const copy = this.client.query(from(`COPY ${target} FROM STDIN (FORMAT binary)`));
    let failure: unknown;
    const watched = async function* () {
      try {
        yield* rows;
      } catch (error) {
        failure = error;
        throw error;
      }
    };
    try {
      await pipeline(Readable.from(watched(), { highWaterMark: chunksAhead }), copy);
    } catch (error) {
      // What keeps rows from being made is no failure of the server.
      throw failure ?? postgresError(error, this.path);
    }
    return copy.rowCount;
  }
}

/** How many chunks, of about 2,000 rows each, are made while the server takes one. */
const chunksAhead = 2;

function columnsOf(fields: pg.FieldDef[]): Answer['columns'] {
  return fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
    name,
    type: dataTypeID,
    modifier: dataTypeModifier,
  }));
}

function rowTooLarge(bytes: number): ReportsError {
  return new ReportsError('QUERY_FAILED', {
    found: `a row of it has ${Math.round(bytes / 1e6)} MB, more than the program reads at once`,
    hint: longValueHint,
  });
}

/** What to do about an answer with a value that is too long. */
export const longValueHint =
  'select fewer columns, or parts of the long values, for example `left(x, 1000)`.';
