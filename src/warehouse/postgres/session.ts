import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { freeMemory } from '../../runtime/free-memory.js';
import { toJsonValue } from './values.js';
import { postgresError } from './errors.js';
import { literal } from './sql.js';

/** The answer to one statement. */
export interface Answer {
  columns: { name: string; type: number; modifier: number }[];
  /** As PostgreSQL's text. */
  rows: (string | null)[][];
  /** Rows that a statement returned or changed. */
  count: number;
}

const prepared = new WeakSet<object>();

/** One connection while it does a piece of work. */
export class Session {
  private constructor(
    private readonly client: pg.PoolClient,
    private readonly path: string,
  ) {}

  /** Prepares a connection of the pool, unless it is prepared already. */
  static async open(client: pg.PoolClient, path: string, settings: Record<string, string>): Promise<Session> {
    const session = new Session(client, path);
    if (!prepared.has(client)) {
      const all = Object.entries(settings).map(([name, value]) => `SET ${name} = ${literal(value)}`);
      await client.query(all.join('; ')).catch((error: unknown) => {
        throw postgresError(error, path);
      });
      prepared.add(client);
    }
    return session;
  }

  /** The number of the server's process for this connection. */
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
    return {
      columns: fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
        name,
        type: dataTypeID,
        modifier: dataTypeModifier,
      })),
      rows,
      count: rowCount ?? 0,
    };
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
    if (mode === 'read') {
      await this.run('BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY');
      return;
    }
    await this.run('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
    // `transaction_timeout` is there from version 17 on.
    await this.run(
      `SELECT set_config(name, CASE name
         WHEN 'synchronous_commit' THEN CASE setting WHEN 'off' THEN 'on' ELSE setting END
         WHEN 'idle_in_transaction_session_timeout' THEN '300000'
         WHEN 'TimeZone' THEN 'UTC' WHEN 'DateStyle' THEN 'ISO, YMD'
         WHEN 'random_page_cost' THEN '1.1' WHEN 'jit' THEN 'off'
         ELSE '0' END, TRUE)
       FROM pg_settings
       WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout',
         'synchronous_commit', 'lock_timeout', 'TimeZone', 'DateStyle', 'random_page_cost', 'jit')`,
    );
  }

  async commit(): Promise<void> {
    await this.run('COMMIT');
  }

  async rollback(): Promise<void> {
    await this.run('ROLLBACK');
  }

  /**
   * Sends rows to a table by binary COPY. While the server takes some, the next ones are made. The
   * memory of what was sent is freed. Returns how many rows came in.
   */
  async copyIn(target: string, rows: AsyncGenerator<Buffer>): Promise<number> {
    const { from } = await import('pg-copy-streams');
    const copy = this.client.query(from(`COPY ${target} FROM STDIN (FORMAT binary)`));
    let failure: unknown;
    try {
      await pipeline(async function* () {
        try {
          yield* oneAhead(rows);
        } catch (error) {
          failure = error;
          throw error;
        }
      }, copy);
    } catch (error) {
      // What keeps rows from being made is no failure of the server.
      throw failure ?? postgresError(error, this.path);
    }
    return copy.rowCount;
  }
}

async function* oneAhead(rows: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let next = rows.next();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = rows.next();
      // It is awaited above, unless the server refuses what was sent before.
      next.catch(() => {});
      yield value;
      // The stream has asked for more, so it has no more than a few bytes to send.
      if (value.length >= minFreedBytes) freeMemory(value.buffer as ArrayBuffer);
    }
  } finally {
    await rows.return(undefined);
  }
}

/** Much more than a stream takes before it waits until all is sent. */
const minFreedBytes = 256 * 1024;
