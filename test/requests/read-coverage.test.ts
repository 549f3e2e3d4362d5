import assert from 'node:assert/strict';
import { findGaps } from '../../src/requests/find-gaps.js';
import { coverageOfAll } from '../../src/requests/read-coverage.js';
import { allPlans } from '../../src/requests/request-plans.js';
import { beginProgress } from '../../src/requests/request-progress.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { fakeContext, fakePipeline, fakeRequest, fakeSeller } from '../ingest/fake-context.js';

const dayMs = 86_400_000;
const firstMs = Date.UTC(2026, 9, 1);
const nowMs = firstMs + 4 * dayMs;
const [us, ca] = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2'];
const reportType = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';
const schemas = readSchemas({ folders: [packagedSchemasFolder()] });
const day = (number: number) => new Date(firstMs + number * dayMs).toISOString();

/** A day in the ledger, of a report that was requested for some marketplaces. */
const loaded = (number: number, marketplaceIds: string[]) => ({
  status: 'loaded' as const,
  reportType,
  sellerId: 'A1',
  marketplaceIds,
  dataStart: day(number),
  dataEnd: day(number + 1),
  tables: [{ name: 'orders_by_last_update', rows: 1 }],
});

describe('the coverage of a type whose reports cover the whole region', () => {
  const context = {
    ...fakeContext({
      config: {
        sellers: [fakeSeller({ id: 'A1', marketplaces: [us, ca] })],
        pipelines: [
          fakePipeline({
            request: [fakeRequest({ reportType, window: { count: 1, unit: 'day' }, perMarketplace: true })],
          }),
        ],
      },
      clock: { now: () => nowMs, sleep: async () => {}, every: () => () => {} },
    }),
    schemas,
  };
  const coverage = (ledger: ReturnType<typeof loaded>[], doneUntil: number) => {
    const progress = {
      ...beginProgress({ sellerId: 'A1', reportType }, firstMs, nowMs),
      doneUntil: day(doneUntil),
    };
    return coverageOfAll(ledger, context, { progress: () => progress });
  };

  it('is one, whichever marketplaces its reports name', () => {
    const [all, ...others] = coverage([loaded(0, [us]), loaded(1, [ca]), loaded(2, [us, ca])], 3);
    assert.deepEqual(others, []);
    assert.deepEqual(all?.marketplaceIds, [ca, us]);
    assert.deepEqual(
      all?.periods.map(({ from, to, state }) => [from, to, state]),
      [
        [day(0), day(3), 'loaded'],
        [day(3), day(4), 'due'],
      ],
    );
  });

  it('has gaps that one request fills, before its first window too', () => {
    const coverages = coverage([loaded(-5, [us])], 4);
    const gaps = findGaps(allPlans(context), coverages);
    assert.deepEqual(
      [...gaps.values()].map((windows) => windows.map(({ startMs }) => (startMs - firstMs) / dayMs)),
      [[-4, -3, -2, -1]],
    );
  });
});
