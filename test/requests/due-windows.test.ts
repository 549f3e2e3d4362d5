import assert from 'node:assert/strict';
import { computeDueWindows } from '../../src/requests/due-windows.js';
import type { RequestPlan } from '../../src/requests/request-plans.js';
import { applyToWindow, beginProgress, type RequestProgress } from '../../src/requests/request-progress.js';
import type { WindowEvent } from '../../src/requests/window-states.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 9, 10);

const plan: RequestPlan = {
  key: 'A1 GET_X US',
  sellerId: 'A1',
  reportType: 'GET_X',
  marketplaceIds: ['US'],
  reportOptions: {},
  window: { count: 1, unit: 'day' },
  lagMs: 0,
  fromMs: startMs,
  cron: '0 * * * *',
  timezone: 'UTC',
  period: undefined,
  hasSibling: false,
  facts: { sources: {} },
};

const day = (index: number) => ({ startMs: startMs + index * dayMs, endMs: startMs + (index + 1) * dayMs });

/** The due windows at a time, as day and reason. */
function dueAt(nowMs: number, held: RequestProgress): [number, string][] {
  const times = { nowMs, untilMs: nowMs, ignoresRefusal: false };
  const { due } = computeDueWindows(plan, held, { requested: new Map(), others: [] }, times);
  return due.map(({ startMs: ms, reason }) => [(ms - startMs) / dayMs, reason]);
}

/** The progress after events of one day, each at its own time. */
function afterEvents(held: RequestProgress, index: number, events: [number, WindowEvent][]): RequestProgress {
  return events.reduce((progress, [ms, event]) => applyToWindow(progress, day(index), event, ms), held);
}

describe('the reason why a window is due', () => {
  const begun = beginProgress(plan, startMs, startMs);

  it('distinguishes the newest window from older ones', () => {
    assert.deepEqual(dueAt(startMs + 3 * dayMs, begun), [
      [0, 'older'],
      [1, 'older'],
      [2, 'new'],
    ]);
  });

  it('stays the same for a window whose call failed without a report', () => {
    const nowMs = startMs + 2 * dayMs;
    const attempted = afterEvents(begun, 1, [[nowMs, { type: 'attempted' }]]);
    assert.deepEqual(dueAt(nowMs + hourMs, attempted), [
      [0, 'older'],
      [1, 'new'],
    ]);
  });

  it('is a retry if a report of the window failed, even for the newest window', () => {
    const nowMs = startMs + 2 * dayMs;
    const at = new Date(nowMs).toISOString();
    const failed = afterEvents(begun, 1, [
      [nowMs, { type: 'report-created', reportId: '1', at }],
      [nowMs, { type: 'report-failed', reportId: '1', found: 'FATAL' }],
    ]);
    assert.deepEqual(dueAt(nowMs + 2 * hourMs, failed), [
      [0, 'older'],
      [1, 'retry'],
    ]);
  });
});
