import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReportsError } from '../../src/errors/reports-error.js';
import { findSources } from '../../src/maintenance/rebuild-sources.js';
import { withWorkTables } from '../../src/maintenance/work-tables.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import type { HeldLedger } from '../../src/warehouse/types.js';
import { fakeContext } from '../ingest/fake-context.js';

describe('a rebuild whose old ledger cannot be read', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sources-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function find(error: Error) {
    const fail = async () => {
      throw error;
    };
    const ledger: HeldLedger = { loads: fail, loadFields: fail, seen: fail };
    const [raw, lake] = ['raw', 'lake'].map((name) => openFolderStore(join(folder, name)));
    return withWorkTables(folder, async (tables) => {
      const { count, lostCount, failures } = await findSources(fakeContext({ raw, lake }), ledger, tables);
      return { count, lostCount, failures };
    });
  }

  const system = (code: string) => Object.assign(new Error(`${code}: of the disk`), { code });
  for (const error of [
    system('EIO'),
    system('EMFILE'),
    system('ENOMEM'),
    new ReportsError('FILE_SYSTEM_FAILED', { path: 'w.duckdb', found: 'IO Error: Stale file handle' }),
    new ReportsError('WAREHOUSE_LOCKED', { path: 'w.duckdb', found: 'PID 7' }),
    new ReportsError('WAREHOUSE_OUT_OF_MEMORY', { path: 'w.duckdb', found: 'Out of Memory Error' }),
  ]) {
    it(`stops with the error, because no loss would be noticed: ${error.message}`, async () => {
      await assert.rejects(find(error), (found) => found === error);
    });
  }

  for (const error of [
    new ReportsError('WAREHOUSE_UNREADABLE', { path: 'w.duckdb', found: 'Serialization Error' }),
    new Error('Conversion Error: of a damaged block'),
  ]) {
    it(`goes on without it if the file is damaged: ${error.message}`, async () => {
      assert.deepEqual(await find(error), { count: 0, lostCount: 0, failures: [] });
    });
  }
});
