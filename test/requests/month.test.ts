import assert from 'node:assert/strict';
import { answerTimesOf, earliestTimes } from './month-bound.js';
import { type Month, simulateMonth } from './simulate-month.js';

/** `npm run simulate:requests` does the same for 50 sellers and 30 days. */
describe('the requests of all report types on a simulated clock', () => {
  let month: Month;
  before(async () => {
    month = await simulateMonth({ sellers: 3, days: 5 });
  });

  it('are compared with a bound that knows the burst and the rate', () => {
    const limit = { burst: 2, intervalMs: 60 };
    assert.deepEqual(earliestTimes([0, 0, 0, 0, 0], limit), [0, 0, 60, 120, 180]);
    assert.deepEqual(earliestTimes([1000, 0, 0, 1000, 1000, 30], limit), [0, 0, 60, 1000, 1000, 1060]);
  });

  it('make no call above a limit of Amazon', () => {
    assert.deepEqual(month.refused, []);
    assert.ok(month.calls > 1000);
  });

  it('bring the reports of all windows within 5 % of the shortest possible time', () => {
    const { needed, missing, meanHours, minMeanHours } = answerTimesOf(month);
    assert.ok(needed > 1000);
    assert.equal(missing, 0);
    assert.ok(meanHours <= 1.05 * minMeanHours, `${meanHours} h, at least ${minMeanHours} h`);
  });

  it('let a document that Amazon announces by itself wait for at most an hour, even with a backlog', async () => {
    const backlog = await simulateMonth({ sellers: 1, days: 2, backlogDays: 20 });
    assert.deepEqual(backlog.refused, []);
    assert.ok(backlog.maxDocumentWaitMs <= 3_600_000, String(backlog.maxDocumentWaitMs));
    const { meanHours, minMeanHours } = answerTimesOf(backlog);
    assert.ok(meanHours <= 1.05 * minMeanHours, `${meanHours} h, at least ${minMeanHours} h`);
  });
});
