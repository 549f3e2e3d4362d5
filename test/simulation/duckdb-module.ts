import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Disk } from './disk.js';
import type { SimulatedProcess } from './process.js';

/**
 * The module `@duckdb/node-api` for a process: the real DuckDB, in memory, for lists and for
 * rewriting Parquet. Time stands still while it works. Files that a statement names are copied from
 * the simulated disk for it, and what it writes is copied back.
 */
export function simulateDuckDb(process: SimulatedProcess, disk: Disk): Record<string, unknown> {
  const { loop } = process;

  function openConnection(connection: DuckDBConnection, folder: string) {
    const run = <T>(sql: string, work: (realSql: string) => Promise<T>): Promise<T> => {
      const paths = [...new Set([...sql.matchAll(/'(\/data\/[^']+)'/g)].flatMap(([, path]) => path ?? []))];
      const realOf = (path: string) => join(folder, createHash('sha256').update(path).digest('hex'));
      let realSql = sql;
      for (const path of paths) {
        const { bytes } = disk.find(path) ?? {};
        if (bytes) writeFileSync(realOf(path), bytes);
        realSql = realSql.replaceAll(`'${path}'`, `'${realOf(path)}'`);
      }
      return loop.hold(
        work(realSql).finally(() => {
          for (const path of paths) {
            const real = realOf(path);
            if (/^COPY /.test(sql) && existsSync(real) && !disk.find(path) && process.isAlive) {
              disk.write(disk.makeFile(path, 'open'), readFileSync(real), 0, path);
            }
            rmSync(real, { force: true });
          }
        }),
      );
    };
    return {
      run: (sql: string, values?: never) => run(sql, (real) => connection.run(real, values)),
      runAndReadAll: (sql: string) => run(sql, (real) => connection.runAndReadAll(real)),
      closeSync: () => connection.closeSync(),
    };
  }

  return {
    DuckDBInstance: {
      async create() {
        const real = await loop.hold(openShared());
        const folder = mkdtempSync(join(tmpdir(), 'sp-reports-simulation-'));
        const name = `simulated${++databases}`;
        await loop.hold(real.admin.run(`ATTACH ':memory:' AS ${name}`));
        return {
          async connect() {
            const connection = await loop.hold(real.instance.connect());
            await loop.hold(connection.run(`USE ${name}`));
            return openConnection(connection, folder);
          },
          closeSync() {
            void loop.hold(real.admin.run(`DETACH ${name}`));
            rmSync(folder, { recursive: true, force: true });
          },
        };
      },
    },
  };
}

let databases = 0;
let shared: Promise<{ instance: DuckDBInstance; admin: DuckDBConnection }> | undefined;

/** One DuckDB for all processes, each in a database of its own: to open one takes long. */
function openShared(): Promise<{ instance: DuckDBInstance; admin: DuckDBConnection }> {
  shared ??= DuckDBInstance.create(':memory:', { threads: '1', temp_directory: '' }).then(
    async (instance) => ({ instance, admin: await instance.connect() }),
  );
  return shared;
}
