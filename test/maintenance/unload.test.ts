import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { PipelineContext } from '../../src/ingest/context.js';
import { loadFiles } from '../../src/ingest/load-file.js';
import { fileInput } from '../../src/ingest/load-inputs.js';
import { reload } from '../../src/maintenance/reload.js';
import { unload } from '../../src/maintenance/unload.js';
import { historyModes } from '../../src/schema/history.js';
import type { HistoryMode } from '../../src/schema/types.js';
import { readSchemas } from '../../src/schema/read.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import type { LedgerFilter, Load, Warehouse } from '../../src/warehouse/types.js';
import { fakeContext } from '../ingest/fake-context.js';

const modes = ['append', 'merge', 'replace', 'snapshot'] as const;
const { signal } = new AbortController();
const options = { maxDocumentBytes: 1e6, signal, stop: signal, abort: signal, acceptLoss: false };

interface Document {
  mode: (typeof modes)[number];
  hour: number;
  marketplaceIds: string[];
  keys: number[];
}

const document = fc.record({
  mode: fc.constantFrom(...modes),
  hour: fc.nat(5),
  marketplaceIds: fc.constantFrom<string[]>(
    [],
    ['A1PA6795UKMFR9'],
    ['A13V1IB3VIYZZH'],
    ['A1PA6795UKMFR9', 'A13V1IB3VIYZZH'],
  ),
  keys: fc.array(fc.nat(4), { maxLength: 5 }),
});

describe('unload', () => {
  let folder: string;
  let count = 0;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'unload-'));
    for (const mode of modes) {
      const load = mode === 'append' ? '{ mode: append }' : `{ mode: ${mode}, key: [k] }`;
      writeFileSync(
        join(folder, `${typeOf(mode)}.yaml`),
        `reportType: ${typeOf(mode)}
description: For a test.
format: tsv
tables:
  - name: t_${mode}
    load: ${mode === 'snapshot' ? '{ mode: snapshot }' : load}
    columns:
      - { name: k, from: k, type: int64 }
      - { name: v, from: v, type: string }
`,
      );
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function makeContext(
    change: (warehouse: Warehouse) => Partial<Warehouse> = () => ({}),
    mode?: HistoryMode,
  ): PipelineContext {
    count += 1;
    const own = join(folder, `run-${count}`);
    mkdirSync(own);
    const history = mode && {
      mode,
      keep: { count: 999, unit: 'year' as const },
      isPersonal: () => false,
    };
    const warehouse = openDuckDbWarehouse({
      path: join(own, 'warehouse.duckdb'),
      histories: new Map(history ? [['t_snapshot', history]] : []),
    });
    return fakeContext({
      config: { state: join(own, 'state') },
      schemas: readSchemas({ folders: [folder] }),
      warehouse: { ...warehouse, ...change(warehouse) },
      raw: openFolderStore(join(own, 'raw')),
      lake: openFolderStore(join(own, 'lake')),
      sellingPartner: () => undefined,
    });
  }

  /** Loads documents in order. Returns their keys in the ledger. */
  async function loadAll(documents: [index: number, document: Document][], context: PipelineContext) {
    const keys: string[] = [];
    for (const [index, { mode, hour, marketplaceIds, keys: values }] of documents) {
      const path = join(context.config.state, `../${index}.tsv`);
      writeFileSync(
        path,
        ['k\tv', ...values.map((key, row) => `${key}\td${index} r${row}`)].join('\n') +
          '\n'.repeat(1 + index),
      );
      const metadata = {
        sellerId: 'A1',
        reportType: typeOf(mode),
        marketplaceIds,
        reportCreatedAt: `2026-11-01T0${hour}:00:00.000Z`,
      };
      for await (const loaded of loadFiles([fileInput(path)], metadata, context, options)) {
        assert.ok('entry' in loaded, JSON.stringify(loaded));
        keys.push(loaded.entry.key);
      }
    }
    return keys;
  }

  /** The rows of each table, without the time of loading. */
  async function contents({ warehouse }: PipelineContext) {
    const tables: Record<string, unknown> = {};
    for (const { name } of await warehouse.tables()) {
      const { rows } = await warehouse.query(`SELECT * EXCLUDE (_loaded_at) FROM ${name} ORDER BY ALL`);
      if (rows.length > 0) tables[name] = rows;
    }
    return tables;
  }

  it('leaves the tables that the other documents alone make, in every load mode, and reload brings all back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { minLength: 2, maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        fc.constantFrom(...historyModes, undefined),
        async (documents, leaves, history) => {
          const context = makeContext(undefined, history);
          const all = [...documents.entries()];
          const keys = await loadAll(all, context);
          const before = await contents(context);
          const leaving = all.filter(([index]) => leaves[index]);
          const rows = await context.warehouse.seen(leaving.map(([index]) => keys[index] ?? ''));
          await unload([...rows.values()], context, options);
          const others = makeContext(undefined, history);
          await loadAll(
            all.filter(([index]) => !leaves[index]),
            others,
          );
          assert.deepEqual(await contents(context), await contents(others));
          if (leaving.length === 0) return;
          for await (const done of reload({ statuses: ['unloaded'] }, context, options))
            assert.ok('entry' in done);
          assert.deepEqual(await contents(context), before);
          assert.equal(await context.warehouse.countLoads({ statuses: ['unloaded'] }), 0);
        },
      ),
      { numRuns: 3 },
    );
  });

  it('lasts: reload by type or table leaves the document away, by its id or status it does not', async () => {
    const context = makeContext();
    const of = (hour: number): Document => ({ mode: 'merge', hour, marketplaceIds: [], keys: [hour] });
    const [key = ''] = await loadAll(
      [
        [0, of(1)],
        [1, of(2)],
      ],
      context,
    );
    const rows = [...(await context.warehouse.seen([key])).values()];
    await unload(rows, context, options);
    const reloaded = async (filter: LedgerFilter) => {
      let count = 0;
      for await (const _ of reload(filter, context, options)) count += 1;
      return count;
    };
    assert.equal(await reloaded({ reportType: typeOf('merge') }), 1);
    assert.equal(await reloaded({ documentOrTable: 't_merge' }), 1);
    assert.equal(await context.warehouse.countLoads({ statuses: ['unloaded'] }), 1);
    assert.equal(await reloaded({ documentOrTable: rows[0]?.documentId ?? '' }), 1);
    assert.equal(await context.warehouse.countLoads({ statuses: ['unloaded'] }), 0);
  });

  it('finishes if it was interrupted between the documents that leave and those that come back', async () => {
    let isInterrupted = false;
    const context = makeContext((warehouse) => ({
      // As in BigQuery, where each of them has a transaction of its own.
      commit: async (loads: Load[]) => {
        if (!isInterrupted || loads.every(({ entry }) => entry.status !== 'unloaded'))
          return warehouse.commit(loads);
        await warehouse.commit(loads.slice(0, 1));
        isInterrupted = false;
        throw new Error('interrupted');
      },
    }));
    const of = (hour: number, keys: number[]): Document => ({
      mode: 'snapshot',
      hour,
      marketplaceIds: [],
      keys,
    });
    const [, newest = ''] = await loadAll(
      [
        [0, of(1, [1, 2])],
        [1, of(2, [3])],
      ],
      context,
    );
    const row = async () => [...(await context.warehouse.seen([newest])).values()];
    isInterrupted = true;
    await assert.rejects(unload(await row(), context, options), /interrupted/);
    assert.deepEqual(await contents(context), {});
    const restored = await unload(await row(), context, options);
    assert.equal(restored.length, 1);
    const { rows } = await context.warehouse.query('SELECT k FROM t_snapshot ORDER BY k');
    assert.deepEqual(rows, [{ k: '1' }, { k: '2' }]);
    assert.deepEqual(await unload(await row(), context, options), []);
  });

  it('refuses a document that could not be loaded again, and changes nothing', async () => {
    const context = makeContext();
    const one: Document = { mode: 'append', hour: 1, marketplaceIds: [], keys: [1] };
    const [key = ''] = await loadAll([[0, one]], context);
    const rows = [...(await context.warehouse.seen([key])).values()];
    const before = await contents(context);
    const path = join(context.raw.folder, String(rows[0]?.rawPath));
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.from(bytes).fill(0x7e, 3, 4));
    await assert.rejects(unload(rows, context, options), /its raw document is damaged/);
    assert.deepEqual(await contents(context), before);
    rmSync(context.raw.folder, { recursive: true });
    await assert.rejects(unload(rows, context, options), /its raw document is missing/);
    assert.deepEqual(await contents(context), before);
  });
});

function typeOf(mode: string): string {
  return `GET_T_${mode.toUpperCase()}`;
}
