import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckDbLedger } from '../../../src/warehouse/duckdb/ledger-queries.js';
import { madeTypes } from '../report-contents.js';
import type { World } from '../world.js';
import { realDuckDb } from './duckdb-files.js';
import type { Contents, Place } from './real-warehouse.js';

const path = '/data/warehouse.duckdb';

/** A DuckDB file on the disk of the world. */
export function duckDbPlace({ disk }: World): Place {
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-simulation-'));
  const real = join(folder, 'read.duckdb');
  const copy = () => {
    for (const end of ['', '.wal']) {
      const { bytes } = disk.find(path + end) ?? {};
      if (bytes) writeFileSync(real + end, bytes);
      else rmSync(real + end, { force: true });
    }
    return disk.find(path) !== undefined;
  };
  return {
    settings: { type: 'duckdb', path },
    modules: (process) => ({ '@duckdb/node-api': realDuckDb(process, disk, folder) }),
    /** Opens a copy of the file and its log, as a process does after a kill at this moment. */
    async read(): Promise<Contents> {
      const contents: Contents = { ledger: [], rows: new Map() };
      if (!copy()) return contents;
      const instance = await DuckDBInstance.create(real, { threads: '1' });
      const connection = await instance.connect();
      try {
        await connection.run("SET TimeZone = 'UTC'");
        const found = await connection.runAndReadAll(
          "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'",
        );
        const names = new Set(found.getRows().map(([name]) => String(name)));
        if (names.has('_loads')) contents.ledger = await duckDbLedger(connection).readLoads({});
        for (const { table } of madeTypes.values()) {
          if (!names.has(table)) continue;
          const reader = await connection.runAndReadAll(`SELECT * FROM ${table}`);
          contents.rows.set(table, reader.getRowObjectsJson());
        }
        return contents;
      } finally {
        connection.closeSync();
        instance.closeSync();
      }
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
