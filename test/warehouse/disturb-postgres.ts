import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** What happened to a server and its readers while the program was loading. */
export interface Disturbed {
  /** Times that the server was stopped as by `pg_ctl restart -m immediate`. */
  serverRestarts: number;
  /** Queries of a dashboard, and the longest one. */
  dashboardQueries: number;
  maxQueryMs: number;
}

interface Options {
  /** Whether to stop the server at random moments; scripts/postgres starts it again. */
  restarts: boolean;
  random: () => number;
}

/**
 * Uses a PostgreSQL server as others do, until it is stopped: one connection holds a transaction
 * open that has read every table, another one queries them all the time.
 */
export async function disturbPostgres(
  url: string,
  { restarts, random }: Options,
): Promise<{ stop(): Promise<Disturbed> }> {
  const disturbed: Disturbed = { serverRestarts: 0, dashboardQueries: 0, maxQueryMs: 0 };
  const over = new AbortController();
  const pause = (ms: number) => delay(ms, undefined, { signal: over.signal }).catch(() => {});

  /** Works on new connections until it is over: a server that stops ends them. */
  async function repeat(work: (client: pg.Client) => Promise<void>): Promise<void> {
    while (!over.signal.aborted) {
      const client = new pg.Client(url);
      client.on('error', () => {});
      try {
        await client.connect();
        while (!over.signal.aborted) await work(client);
      } catch {
        await pause(200);
      } finally {
        await client.end().catch(() => {});
      }
    }
  }

  async function holdOpen(client: pg.Client): Promise<void> {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const table of await tablesOf(client)) await client.query(`SELECT count(*) FROM ${table}`);
    await pause(10_000);
    await client.query('ROLLBACK');
  }

  async function query(client: pg.Client): Promise<void> {
    for (const table of await tablesOf(client)) {
      const beganMs = performance.now();
      await client.query(`SELECT _document_id, count(*) FROM ${table} GROUP BY 1`).catch(ignoreDropped);
      disturbed.dashboardQueries += 1;
      disturbed.maxQueryMs = Math.max(disturbed.maxQueryMs, Math.round(performance.now() - beganMs));
    }
    await pause(50);
  }

  async function restart(client: pg.Client): Promise<void> {
    await pause(1000 + 6000 * random());
    if (over.signal.aborted) return;
    const { rows } = await client.query(
      "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1) AS id",
    );
    process.kill(Number(rows[0]?.id), 'SIGQUIT');
    disturbed.serverRestarts += 1;
    await pause(1000);
  }

  const working = [repeat(holdOpen), repeat(query), ...(restarts ? [repeat(restart)] : [])];
  return {
    async stop() {
      over.abort();
      await Promise.all(working);
      return disturbed;
    },
  };
}

/** The tables of all warehouses of the server that have rows of documents. */
async function tablesOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.columns
     WHERE column_name = '_document_id'`,
  );
  return rows.map(({ name }) => name);
}

/** A table may be gone since it was listed. */
function ignoreDropped(error: Error & { code?: string }): void {
  if (error.code !== '42P01') throw error;
}
