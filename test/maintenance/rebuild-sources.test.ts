import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ReportsError } from '../../src/errors/reports-error.js';
import { findSources } from '../../src/maintenance/rebuild-sources.js';
import { withWorkTables } from '../../src/maintenance/work-tables.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import { writeLoadRecord } from '../../src/ingest/load-record.js';
import { lakePath } from '../../src/parquet/lake-path.js';
import { rawPath } from '../../src/source/document/raw-store.js';
import type { Store } from '../../src/store/types.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import type { HeldLedger, LedgerFilter, Load } from '../../src/warehouse/types.js';
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

describe('the sources of a rebuild', () => {
  let folder: string;
  let raw: Store;
  let lake: Store;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sources-'));
    raw = openFolderStore(join(folder, 'raw'));
    lake = openFolderStore(join(folder, 'lake'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const entryOf = (id: string, reportCreatedAt: string) =>
    ledgerEntry({
      key: `A1/${id}`,
      status: 'loaded',
      sellerId: 'A1',
      documentId: id,
      reportType: 'GET_TEST',
      reportCreatedAt,
      rawPath: `A1/GET_TEST/${id}`,
      tables: [{ name: 'test', rows: 3 }],
    });

  async function writeLoad(id: string, day: string, { isWhole = true } = {}): Promise<void> {
    const parquetPath = lakePath(lake.folder, { table: 'test', sellerId: 'A1', documentId: id });
    const entry = entryOf(id, `${day}T00:00:00.000Z`);
    const table = { table: { name: 'test', columns: [] }, rows: 3, parquetPath };
    await writeLoadRecord(lake, { entry, tables: [table], rejectsPath: null } as unknown as Load);
    if (isWhole) write(parquetPath, 'rows');
  }

  function writeRaw(id: string, day: string, { reportStatus = 'DONE', type = 'GET_TEST' } = {}): void {
    const reportCreatedAt = `${day}T00:00:00.000Z`;
    const metadata = {
      sellerId: 'A1',
      documentId: id,
      reportType: type,
      marketplaceIds: [],
      reportCreatedAt,
    };
    const path = rawPath(raw.folder, metadata);
    write(path, 'bytes');
    write(`${path}.json`, JSON.stringify({ ...metadata, reportStatus }));
  }

  function write(path: string, text: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** `inLedger`: ids of the documents of the old ledger, which all had rows. */
  async function find(inLedger: string[]) {
    const rows = inLedger.map((id) => ({ ...entryOf(id, ''), loadedAt: `2026-01-01T00:00:00.${id}Z` }));
    const ledger = {
      loads: async ({ after }: LedgerFilter) => (after?.key === '' ? rows : []),
      loadFields: async (_fields: unknown, { after }: LedgerFilter) => (after?.key === '' ? rows : []),
      seen: async () => new Map(),
    } as unknown as HeldLedger;
    return withWorkTables(folder, async (tables) => {
      const sources = await findSources(fakeContext({ raw, lake }), ledger, tables);
      const found: string[] = [];
      for await (const page of sources.pages()) {
        for (const { key, isWhole, raw: path, damage } of page) {
          const from = isWhole ? 'lake' : path ? `raw ${path.split('/').at(-2)}` : damage && 'damage';
          found.push(`${key.slice(3)} ${from}`);
        }
      }
      const lost: string[] = [];
      for await (const keys of sources.lost()) lost.push(...keys);
      return { found, lost, failures: sources.failures.length };
    });
  }

  it('are the lake, otherwise raw documents that the ledger has, the oldest report first', async () => {
    await writeLoad('1', '2026-01-09');
    await writeLoad('2', '2026-01-08', { isWhole: false });
    await writeLoad('3', '2026-01-07', { isWhole: false });
    for (const [id, day] of [
      ['1', '2026-01-01'],
      ['2', '2026-01-06'],
      ['4', '2026-01-05'],
      ['7', '2026-01-02'],
    ] as const)
      writeRaw(id, day);
    writeRaw('6', '2026-01-03', { reportStatus: 'FATAL' });
    writeRaw('4', '2026-01-04', { type: 'GET_TEST_2' });
    assert.deepEqual(await find(['2', '3', '4', '5', '6']), {
      found: ['4 raw GET_TEST_2', '2 raw GET_TEST', '1 lake'],
      lost: ['A1/6', 'A1/5', 'A1/3'],
      failures: 0,
    });
    assert.deepEqual(await find([]), {
      found: ['7 raw GET_TEST', '4 raw GET_TEST_2', '2 raw GET_TEST', '1 lake'],
      lost: [],
      failures: 0,
    });
  });

  it('include a document with unreadable metadata, if the ledger or the lake knows it', async () => {
    await writeLoad('1', '2026-01-09', { isWhole: false });
    for (const id of ['1', '2', '3']) {
      write(join(raw.folder, 'A1', 'GET_TEST', id), 'bytes');
      write(join(raw.folder, 'A1', 'GET_TEST', `${id}.json`), '');
    }
    assert.deepEqual(await find(['2']), { found: ['2 damage', '1 damage'], lost: [], failures: 0 });
    assert.deepEqual(await find([]), { found: ['1 damage'], lost: [], failures: 2 });
  });
});
