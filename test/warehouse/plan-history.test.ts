import assert from 'node:assert/strict';
import { historyColumns } from '../../src/schema/history.js';
import { lineage } from '../../src/schema/lineage.js';
import { HistoryRows } from '../../src/warehouse/history/history-tables.js';
import { type HistoryCommit, planHistories } from '../../src/warehouse/history/plan-history.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import type { PeriodSearch } from '../../src/warehouse/ledger/ledger-queries.js';
import type { Relation } from '../../src/warehouse/rules/relations.js';
import type { LedgerEntry } from '../../src/warehouse/types.js';

const history: Relation = {
  name: 'things_history',
  isView: false,
  columns: new Map(
    [...historyColumns.changes, ...lineage].map(({ name, type }) => [name, { name, type, typeText: '' }]),
  ),
};

/** The searches in the ledger that a commit of one document of `things` makes. */
async function searchesOf(
  entry: Partial<LedgerEntry>,
  relations: Relation[],
  replaced?: Partial<LedgerEntry>,
): Promise<PeriodSearch[]> {
  const made = (some: Partial<LedgerEntry>): LedgerEntry =>
    ledgerEntry({
      ...{ key: 'A1/D1', status: 'loaded', sellerId: 'A1', documentId: 'D1', reportType: 'T' },
      ...some,
      tables: [{ name: 'things', rows: 1, rejects: 0 }],
    });
  const table = { name: 'things', mode: 'snapshot' as const, key: [], columns: [] };
  const load = {
    entry: made(entry),
    tables: [{ ...table, rows: 1, rejects: 0, parquetPath: null }],
    rejectsPath: null,
  };
  const commit: HistoryCommit = {
    relations: new Map(relations.map((each) => [each.name, each])),
    coming: [{ load, loadedAt: '2026-11-30T00:00:00Z' }],
    previous: new Map(replaced ? [['A1/D1', made(replaced)]] : []),
    histories: new Map(),
    rows: new HistoryRows(new Map()),
    nowMs: Date.UTC(2026, 10, 30),
  };
  const searches: PeriodSearch[] = [];
  const readAround = async (search: PeriodSearch) => {
    searches.push(search);
    return [];
  };
  await planHistories(commit, { readAround });
  return searches;
}

describe('the plan of a commit for histories', () => {
  it('searches nothing in the ledger for a table without a history, or a document without a time', async () => {
    assert.deepEqual(await searchesOf({ dataEnd: '2026-11-02T10:00:00Z' }, []), []);
    assert.deepEqual(await searchesOf({}, [history]), []);
  });

  it('searches the days of what comes and of what it replaces', async () => {
    const [search] = await searchesOf({ dataEnd: '2026-11-02T10:00:00Z' }, [history], {
      dataEnd: '2026-11-04T09:30:00.000001Z',
    });
    assert.deepEqual(search, {
      table: 'things',
      reportTypes: ['T'],
      sellers: ['A1'],
      sinceIso: '2026-11-02T00:00:00.000000Z',
      untilIso: '2026-11-04T23:59:59.999999Z',
    });
  });
});
