import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dataGaps } from '../../src/warehouse/ledger/data-gaps.js';
import type { LoadStatus } from '../../src/warehouse/types.js';

const day = (number: number) => new Date(Date.UTC(2026, 9, 1) + number * 86_400_000).toISOString();

function report(from: number, to: number, change: { status?: LoadStatus; marketplaceIds?: string[] } = {}) {
  return {
    status: 'loaded' as LoadStatus,
    sellerId: 'A1',
    reportType: 'GET_A',
    marketplaceIds: ['US'],
    dataStart: day(from),
    dataEnd: new Date(Date.parse(day(to)) - 1000).toISOString(),
    tables: change.status === 'empty' ? [] : [{ name: 'a', rows: 1 }],
    ...change,
  };
}

const found = (...reports: ReturnType<typeof report>[]) =>
  dataGaps(reports).map(({ table, marketplaceId, from, to }) => [table, marketplaceId, from, to]);

describe('gaps in data periods', () => {
  it('are the times that no report covers between two that exist, without seams of a second', () => {
    const gap = ['a', 'US', '2026-10-02T23:59:59.000Z', day(3)];
    assert.deepEqual(found(report(3, 4), report(0, 1), report(1, 2)), [gap]);
  });

  it('are reported for each marketplace, unless a wider report covers them', () => {
    assert.deepEqual(found(report(0, 1), report(2, 3), report(0, 5)), []);
    const us = { marketplaceIds: ['US'] };
    const both = { marketplaceIds: ['US', 'CA'] };
    const gaps = found(report(0, 1, both), report(1, 2, us), report(2, 3, both));
    assert.deepEqual(
      gaps.map(([, marketplace]) => marketplace),
      ['CA'],
    );
  });

  it('are closed by an empty report, not by a quarantined one, and reports of the current state have none', () => {
    assert.deepEqual(found(report(0, 1), report(1, 2, { status: 'empty' }), report(2, 3)), []);
    const quarantined = report(1, 2, { status: 'quarantined' });
    assert.equal(found(report(0, 1), quarantined, report(2, 3)).length, 1);
    const moment = (number: number) => ({ ...report(number, number), dataEnd: day(number) });
    assert.deepEqual(found(moment(0), moment(5)), []);
  });

  it('overlap no report, and leave no time out together with the reports', () => {
    const period = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(fc.array(period, { minLength: 1, maxLength: 12 }), (periods) => {
        const reports = periods.map(([from, days]) => report(from, from + days));
        const covered = new Set(
          periods.flatMap(([from, days]) => Array.from({ length: days }, (_, i) => from + i)),
        );
        const inGaps = dataGaps(reports).flatMap(({ from, to }) => {
          const first = Math.round((Date.parse(from) - Date.parse(day(0))) / 86_400_000);
          const end = Math.round((Date.parse(to) - Date.parse(day(0))) / 86_400_000);
          return Array.from({ length: end - first }, (_, i) => first + i);
        });
        const all = [...covered, ...inGaps].sort((a, b) => a - b);
        const start = Math.min(...covered);
        assert.deepEqual(
          all,
          Array.from({ length: Math.max(...covered) - start + 1 }, (_, i) => start + i),
        );
      }),
    );
  });
});
