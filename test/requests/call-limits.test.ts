import assert from 'node:assert/strict';
import { callTimesOf, limitsOf } from '../../src/requests/call-limits.js';
import { beginProgress } from '../../src/requests/request-progress.js';
import { limitAllowsAtMs } from '../../src/scheduling/call-plan.js';
import { fakeSeller } from '../ingest/fake-context.js';

const nowMs = Date.UTC(2026, 10, 30, 12);
const minuteMs = 60_000;

describe('a minimum interval between reports of a type', () => {
  const sellers = ['A1', 'A2'].map((id) => fakeSeller({ id }));
  /** Minutes until a seller may request the type, if A1 requested it now. */
  const minutesUntil = (sellerId: string, per: 'seller' | 'application', listed: string[] = []) => {
    const facts = { minInterval: { minutes: 30, per }, sources: {} };
    const [limit] = limitsOf({ sellerId, reportType: 'GET_X', facts }, { sellers, quotaShare: 1 });
    assert.ok(limit);
    const at = new Date(nowMs).toISOString();
    const progress = beginProgress({ sellerId: 'A1', reportType: 'GET_X' }, 0, nowMs);
    const known = [{ ...progress, key: 'A1 GET_X', lastRequestedAt: at, calls: [{ at, reportId: '1' }] }];
    const later = new Date(nowMs + 10 * minuteMs).toISOString();
    const reports = listed.map((id) => {
      const report = { reportId: '2', reportType: 'GET_X', status: 'DONE' as const, marketplaceIds: [] };
      return [id, [{ ...report, createdAt: later }]] as const;
    });
    const times = callTimesOf(limit, known, { listed: new Map(reports) });
    return Math.floor((limitAllowsAtMs(limit, times) - nowMs) / minuteMs);
  };

  it('per seller holds for each seller alone, also after the reports of other applications', () => {
    assert.equal(minutesUntil('A1', 'seller'), 30);
    assert.ok(minutesUntil('A2', 'seller') <= 0);
    assert.equal(minutesUntil('A1', 'seller', ['A1']), 40);
    assert.equal(minutesUntil('A2', 'seller', ['A2']), 40);
    assert.equal(minutesUntil('A1', 'seller', ['A2']), 30);
  });

  it('per application holds for all of its sellers', () => {
    assert.equal(minutesUntil('A1', 'application'), 30);
    assert.equal(minutesUntil('A2', 'application'), 30);
  });
});
