import assert from 'node:assert/strict';
import { compareLoads } from '../../src/ingest/compare-loads.js';
import type { ComparedDocument } from '../../src/warehouse/rules/other-documents.js';
import type { ResolvedColumn } from '../../src/schema/types.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import type { Load, LoadTable } from '../../src/warehouse/types.js';

const columns: ResolvedColumn[] = [
  { name: 'sku', header: 'sku', type: { kind: 'string' }, origin: 'schema' },
  { name: 'fee', header: 'fee', type: { kind: 'decimal', precision: 18, scale: 4 }, origin: 'schema' },
];

function load(
  day: number,
  rows: number,
  change: { marketplaces?: string[]; table?: Partial<LoadTable> } = {},
): Load {
  const table: LoadTable = {
    name: 'stock',
    mode: 'snapshot',
    key: [],
    columns,
    parquetPath: null,
    rows,
    ...change.table,
  };
  const entry = ledgerEntry({
    key: `A1/d${day}`,
    status: 'loaded',
    documentId: `d${day}`,
    pipeline: 'reports',
    marketplaceIds: change.marketplaces ?? ['US'],
    reportCreatedAt: `2026-10-${String(day).padStart(2, '0')}T00:00:00.000Z`,
  });
  return { entry, tables: [table], rejectsPath: null };
}

function earlier(
  day: number,
  rows: number,
  change: Partial<ComparedDocument> & { table?: object } = {},
): ComparedDocument {
  const { entry } = load(day, rows);
  const { table, ...rest } = change;
  return {
    ...entry,
    loadedAt: entry.reportCreatedAt ?? '',
    tables: [{ name: 'stock', rows, ...table }],
    ...rest,
  };
}

const codes = (load: Load, all: ComparedDocument[]) => {
  const { losses, warnings } = compareLoads(load, all);
  return [...losses, ...warnings].map(({ code }) => code);
};

describe('a load compared with earlier ones', () => {
  it('warns of a snapshot with less than half of the rows that it replaces', () => {
    assert.deepEqual(codes(load(2, 5), [earlier(1, 100)]), ['SNAPSHOT_SHRANK']);
    const [loss] = compareLoads(load(2, 5), [earlier(1, 100)]).losses;
    assert.match(loss?.message ?? '', /^stock: 5 rows replace the 100 rows of d1,/);
    assert.deepEqual(codes(load(2, 50), [earlier(1, 100)]), []);
    assert.deepEqual(codes(load(2, 1), [earlier(1, 9)]), []);
  });

  it('counts only what is in the table: neither replaced documents, nor newer ones, nor itself', () => {
    const all = [earlier(1, 5000), earlier(2, 20), earlier(4, 9000), earlier(3, 7000)];
    assert.deepEqual(codes(load(3, 15), all), []);
  });

  it('counts the documents of all marketplaces that a document without marketplaces replaces', () => {
    const all = [earlier(1, 60, { marketplaceIds: ['US'] }), earlier(2, 60, { marketplaceIds: ['CA'] })];
    assert.deepEqual(codes(load(3, 55, { marketplaces: [] }), all), ['SNAPSHOT_SHRANK']);
    assert.deepEqual(codes(load(3, 55, { marketplaces: ['CA'] }), all), []);
  });

  it('warns if the rows of other marketplaces go', () => {
    const all = [earlier(1, 60, { marketplaceIds: ['US', 'CA', 'MX'] })];
    const { losses } = compareLoads(load(2, 60), all);
    assert.deepEqual(
      losses.map(({ code, message }) => [code, message]),
      [['MARKETPLACES_LOST', 'stock: the rows of d1 covered US, CA, MX, those that replace them only US']],
    );
    assert.deepEqual(codes(load(2, 60, { marketplaces: ['MX', 'CA', 'US'] }), all), []);
  });

  it('names the documents that a file without a marketplace replaces', () => {
    const byHand = load(2, 60, { marketplaces: [] });
    byHand.entry.pipeline = null;
    assert.deepEqual(codes(byHand, [earlier(1, 60, { marketplaceIds: [] })]), ['ROWS_REPLACED']);
    assert.deepEqual(codes(byHand, [earlier(3, 60, { marketplaceIds: [] })]), ['ROWS_REPLACED']);
    assert.deepEqual(codes(byHand, []), []);
  });

  it('warns of columns that the last document of the same marketplaces had', () => {
    const withoutFee = columns.map(({ header, ...column }) =>
      column.name === 'fee' ? column : { ...column, header },
    );
    const table = { mode: 'append' as const, columns: withoutFee };
    assert.deepEqual(codes(load(3, 50, { table }), [earlier(1, 50)]), ['COLUMNS_GONE']);
    const lacked = earlier(2, 50, { table: { missing: ['fee'] } });
    assert.deepEqual(codes(load(3, 50, { table }), [earlier(1, 50), lacked]), []);
    assert.deepEqual(codes(load(3, 50, { table }), [earlier(1, 50, { marketplaceIds: ['CA'] })]), []);
  });

  it('warns of measures that are NULL or zero throughout, but were not before', () => {
    const table = { emptyMeasures: ['fee'] };
    assert.deepEqual(codes(load(2, 50, { table }), [earlier(1, 50)]), ['MEASURES_EMPTY']);
    assert.deepEqual(codes(load(2, 50, { table }), [earlier(1, 50, { table })]), []);
  });
});
