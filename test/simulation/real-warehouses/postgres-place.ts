import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openPostgresWarehouse } from '../../../src/warehouse/postgres/warehouse.js';
import { newSchema, postgresUrl } from '../../warehouse/postgres-server.js';
import type { SimulatedProcess } from '../process.js';
import type { World } from '../world.js';
import { realDuckDb } from './duckdb-files.js';
import { onKill, reach, readContents } from './place-tools.js';
import type { Place } from './real-warehouse.js';

/** A schema of a PostgreSQL server. A process that is killed loses its connections. */
export function postgresPlace({ disk }: World): Place {
  if (!postgresUrl) throw new Error('POSTGRES_URLS names no server; see scripts/postgres');
  const url = postgresUrl;
  const schema = newSchema();
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-simulation-'));
  const clients = new Set<pg.PoolClient>();
  const observer = openPostgresWarehouse({ url, schema });
  return {
    settings: { type: 'postgres', url: '${DATABASE_URL}', schema },
    env: { DATABASE_URL: url },
    isShared: true,
    modules: (process) => ({
      '@duckdb/node-api': realDuckDb(process, disk, folder),
      pg: simulatePg(process, clients),
    }),
    read: () => readContents(observer),
    async close() {
      for (const client of clients) cutOff(client);
      rmSync(folder, { recursive: true, force: true });
      const client = new pg.Client(url);
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      await client.end();
    },
  };
}

/** The module `pg` for a process. */
function simulatePg(process: SimulatedProcess, clients: Set<pg.PoolClient>): object {
  const own = new Set<pg.PoolClient>();
  const send = reach(process);
  onKill(process, () => {
    for (const client of own) cutOff(client);
  });

  class Pool extends pg.Pool {
    override connect(): Promise<pg.PoolClient>;
    override connect(...callback: never[]): void;
    override connect(): Promise<pg.PoolClient> {
      return send('postgres connect', async () => {
        const client = await super.connect();
        if (!process.isAlive) cutOff(client);
        else if (!own.has(client)) prepare(client);
        return client;
      });
    }
  }

  function prepare(client: pg.PoolClient): void {
    own.add(client);
    clients.add(client);
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    const named = (given: unknown) => {
      const { text } = Object(given) as { text?: string };
      return `postgres ${String(text ?? given).slice(0, 20)}`;
    };
    const isStream = (given: unknown) => typeof (given as { submit?: unknown }).submit === 'function';
    Object.assign(client, {
      query: (given: unknown, ...more: unknown[]) => {
        if (!isStream(given)) return send(named(given), () => query(given, ...more) as Promise<unknown>);
        const endPace = process.loop.pace();
        const stream = query(given) as NodeJS.EventEmitter;
        for (const event of ['end', 'error', 'close', 'finish']) stream.once(event, endPace);
        onKill(process, endPace);
        return stream;
      },
    });
  }

  return { Pool, Client: pg.Client, Query: pg.Query };
}

function cutOff(client: pg.PoolClient): void {
  client.on('error', () => {});
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
