import assert from 'node:assert/strict';
import type { CutCounts } from './machine.js';
import { cutLoads, cutPurges, cutRequests } from './power-cuts.js';

/** `npm run powercut` has many more. */
describe('after a power cut and a restart', () => {
  const cases: [title: string, cut: () => Promise<CutCounts | undefined>][] = [
    [
      'in drains and a rebuild, nothing is lost, nothing is loaded twice, and no file stays damaged',
      () => cutLoads({ cuts: 3, seed: 3 }),
    ],
    ['in a purge, what was removed does not come back', () => cutPurges({ cuts: 2, seed: 3 })],
    ['in a request, the report is requested once', () => cutRequests({ cuts: 1, seed: 3 })],
  ];
  for (const [title, cut] of cases) {
    it(title, async function () {
      const result = await cut();
      if (!result) return this.skip();
      assert.deepEqual(result.problems, []);
      assert.ok(Object.keys(result.cuts).length > 0);
    });
  }
});
