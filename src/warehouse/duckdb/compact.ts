import { chmod, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { faultPoint } from '../../runtime/fault-point.js';
import { dropPartial, isThere, nameWholeFile, partialName, syncFolder } from '../../files/whole-file.js';
import { fileError } from '../../errors/duckdb-error.js';
import { withConnection } from './connection.js';
import { removeAllSpills } from './spill-folders.js';
import { identifier, literal, run } from '../staging/sql.js';

/**
 * Rewrites the DuckDB file and swaps the new file in, because freed blocks still hold deleted data.
 * Also removes DuckDB's leftovers on disk. No other process can open the file meanwhile.
 * Errors: WAREHOUSE_LOCKED, WAREHOUSE_UNREADABLE, DISK_FULL; the file then stays as it was.
 */
export async function compactDuckDbFile(path: string, memoryLimitMegabytes: number): Promise<void> {
  if (!isThere(path)) return;
  await withConnection(
    { path, mode: 'write', lockWaitMs: 10_000, memoryLimitMegabytes },
    async (connection) => {
      const fresh = partialName(path);
      try {
        // Nobody works on the file, so nobody needs it.
        await removeAllSpills(path);
        await copyDatabase(connection, fresh);
        // Nothing may remain to be written to the old file: its name belongs to the new one by
        // then.
        await run(connection, 'CHECKPOINT');
        // A power cut must not bring the old file's log back beside the new file.
        await syncFolder(dirname(path));
        faultPoint('file-copied');
        const file = await open(fresh, 'r+');
        try {
          await chmod(fresh, (await stat(path)).mode & 0o777);
          await nameWholeFile(file, fresh, path);
        } finally {
          await dropPartial(file, fresh);
        }
      } catch (error) {
        throw fileError(error, path);
      } finally {
        await rm(fresh, { force: true });
        await rm(`${fresh}.wal`, { force: true });
      }
    },
  );
}

async function copyDatabase(connection: DuckDBConnection, fresh: string): Promise<void> {
  const [name] = await run(connection, 'SELECT current_database()');
  const here = String(name?.[0]);
  // A name that no user's file has by chance.
  const there = 'sp_reports_compacted';
  await run(connection, `ATTACH ${literal(fresh)} AS ${there}`);
  await run(connection, `COPY FROM DATABASE ${identifier(here)} TO ${there}`);
  const before = await countRows(connection, here);
  const after = await countRows(connection, there);
  for (const [table, rows] of before) {
    if (after.get(table) !== rows) {
      throw new Error(`the copy has ${after.get(table) ?? 'no'} rows of ${table} in place of ${rows}`);
    }
  }
  await run(connection, `DETACH ${there}`);
}

async function countRows(connection: DuckDBConnection, database: string): Promise<Map<string, number>> {
  const tables = await run(
    connection,
    'SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $database',
    { database },
  );
  const counts = new Map<string, number>();
  for (const [schema, table] of tables) {
    const name = `${identifier(String(schema))}.${identifier(String(table))}`;
    const [count] = await run(connection, `SELECT count(*) FROM ${identifier(database)}.${name}`);
    counts.set(name, Number(count?.[0]));
  }
  return counts;
}
