import assert from 'node:assert/strict';
import { shortestGapMinutes } from '../../src/config/cron.js';

describe('the shortest gap of a cron expression', () => {
  it('is the time between two of its times, over midnight too', () => {
    const cases: [string, number][] = [
      ['*/15 * * * *', 15],
      ['*/20 * * * * *', 0],
      ['0 * * * * *', 1],
      ['0 3 * * *', 24 * 60],
      ['50 23,0 * * 1', 60],
      ['0,50 8-18 * * *', 10],
      ['30 */4 * * *', 240],
      ['0 5 29 2 *', 24 * 60],
    ];
    for (const [expression, minutes] of cases)
      assert.equal(shortestGapMinutes(expression), minutes, expression);
  });
});
