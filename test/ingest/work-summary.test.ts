import assert from 'node:assert/strict';
import { addCommitted, emptySummary } from '../../src/ingest/work-summary.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import type { LedgerEntry } from '../../src/warehouse/types.js';

describe('the summary of a run', () => {
  const entry = (key: string, more: Partial<LedgerEntry> = {}) =>
    ledgerEntry({ key, status: 'loaded', tables: [{ name: 'orders', rows: 2 }], ...more });

  it('has the sums of all documents, and names only those that a person should look at', () => {
    const summary = emptySummary();
    for (let number = 0; number < 1000; number += 1) addCommitted(summary, entry(`A1/${number}`));
    const warnings = [{ code: 'DATE_ORDER_GUESSED', message: 'guessed' }] as LedgerEntry['warnings'];
    const checks = [
      { name: 'total', ok: false },
      { name: 'count', ok: true },
    ] as unknown as LedgerEntry['checks'];
    addCommitted(summary, entry('A1/warned', { warnings }));
    addCommitted(summary, entry('A1/checked', { checks }));
    addCommitted(summary, entry('A1/quarantined', { status: 'quarantined', tables: [] }));
    assert.equal(summary.committed, 1003);
    assert.deepEqual([...summary.tables], [['orders', { documents: 1002, rows: 2004, rejects: 0 }]]);
    assert.deepEqual(
      summary.notable.map(({ key, failedChecks }) => [key, failedChecks.length]),
      [
        ['A1/warned', 0],
        ['A1/checked', 1],
        ['A1/quarantined', 0],
      ],
    );
  });
});
