import assert from 'node:assert/strict';
import { tableFreshness } from '../../src/status/freshness.js';
import type { TableLoads } from '../../src/warehouse/types.js';

const nowMs = Date.parse('2026-11-25T12:00:00Z');
const hoursAgo = (hours: number) => new Date(nowMs - hours * 3_600_000).toISOString();

const loads = (table: string, hours: number[]): TableLoads => ({
  table,
  reportType: 'GET_TEST',
  sellerId: 'A1',
  documents: hours.length,
  rows: 1,
  lastLoadedAt: hoursAgo(0),
  lastDataEnd: null,
  madeAt: hours.map(hoursAgo),
});

const one = (hours: number[]) => {
  const [freshness] = tableFreshness([loads('t', hours)], nowMs);
  assert.ok(freshness);
  return freshness;
};

describe('the freshness of tables', () => {
  it('is the age of the newest report, with the median of the times between reports', () => {
    const { ageSeconds, usualIntervalSeconds, isStale } = one([5, 29, 53, 150, 174]);
    assert.deepEqual([ageSeconds, usualIntervalSeconds, isStale], [5 * 3600, 24 * 3600, false]);
  });

  it('is stale when no report comes for more than three usual intervals', () => {
    assert.equal(one([72, 96, 120, 144]).isStale, false);
    assert.equal(one([74, 98, 122, 146]).isStale, true);
  });

  it('has no usual interval after only a few reports, and is never stale by it', () => {
    const { usualIntervalSeconds, isStale } = one([2000, 2001, 2002]);
    assert.deepEqual([usualIntervalSeconds, isStale], [undefined, false]);
  });

  it('is no matter of intervals for tables that the user fills, however often they changed', () => {
    const costs = { ...loads('product_costs', [74, 98, 122, 146]), reportType: 'PRODUCT_COSTS' };
    assert.equal(tableFreshness([costs], nowMs)[0]?.isStale, false);
  });

  it('counts reports that were made within a minute as one', () => {
    const oneOfTwo = 24 + 1 / 120;
    assert.equal(one([0, 0.005, 24, oneOfTwo, 48, 72, 72.001]).usualIntervalSeconds, 24 * 3600);
  });

  it('is sorted by how late a table is for its usual interval', () => {
    const tables = [
      loads('fortnightly', [400, 736, 1072, 1408]),
      loads('hourly', [30, 31, 32, 33]),
      loads('once', [24 * 30]),
    ];
    assert.deepEqual(
      tableFreshness(tables, nowMs).map(({ table }) => table),
      ['hourly', 'once', 'fortnightly'],
    );
  });
});
