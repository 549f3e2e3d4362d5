import assert from 'node:assert/strict';
import { openMetrics } from '../../src/status/metrics.js';
import { fakeSnapshot, snapshotAt } from './fake-snapshot.js';

describe('the metrics', () => {
  it('count documents with a warning by its code, over all report types', async () => {
    const warned = (code: string, reportType: string, documents: number) => ({
      code,
      reportType,
      documents,
      lastLoadedAt: snapshotAt,
    });
    const none = { documents: [], days: [], rejects: [], recent: [], quarantined: [], drift: [] };
    let warnings = [
      warned('TOTALS_DIFFER', 'GET_A', 3),
      warned('TOTALS_DIFFER', 'GET_B', 4),
      warned('MEASURES_EMPTY', 'GET_A', 1),
    ];
    const { text } = openMetrics(async () => {
      const ledger = { ...none, warnings, warned: [], withWarnings: 8 };
      return fakeSnapshot({ warehouse: { type: 'duckdb', name: 'w', readAt: snapshotAt, ledger } });
    });
    const lines = async () =>
      (await text()).split('\n').filter((line) => line.startsWith('sp_reports_warned_documents{'));
    assert.deepEqual(await lines(), [
      'sp_reports_warned_documents{code="TOTALS_DIFFER"} 7',
      'sp_reports_warned_documents{code="MEASURES_EMPTY"} 1',
    ]);
    // After a reload without the warning, nothing of it remains.
    warnings = [];
    assert.deepEqual(await lines(), []);
  });
});
