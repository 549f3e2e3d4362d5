import assert from 'node:assert/strict';
import { judge, realLoss } from '../../scripts/bench/paired-test.js';
import { Random } from '../../src/sandbox/random.js';

const maxPairs = 20;
const trials = 2000;

/** Guards of versions with this true ratio, each pair of which is off by about this share. */
function verdicts(ratio: number, noise: number, seed: number) {
  const random = new Random(seed);
  const share = () => random.integer(0, 1_000_000) / 1_000_000;
  const normal = () => Math.sqrt(-2 * Math.log(1 - share() * 0.999_999)) * Math.cos(2 * Math.PI * share());
  const found = { slower: 0, 'as fast': 0, open: 0 };
  for (let trial = 0; trial < trials; trial += 1) {
    const ratios: number[] = [];
    while (judge(ratios) === 'open' && ratios.length < maxPairs) {
      // One time in ten, other work of the machine disturbs one of the two.
      const disturbed = share() < 0.1 ? (share() < 0.5 ? 1.3 : 1 / 1.3) : 1;
      ratios.push(ratio * Math.exp(normal() * noise) * disturbed);
    }
    found[judge(ratios)] += 1;
  }
  return found;
}

describe('the guard of the speed', () => {
  it('does not fail by chance: 50 runs of five equal paths never do, on a quiet or a noisy machine', () => {
    for (const noise of [0.005, 0.02, 0.05, 0.1, 0.3]) {
      const { slower } = verdicts(1, noise, 11);
      assert.ok((slower / trials) * 50 * 5 < 0.3, `${slower} of ${trials} with noise of ${noise}`);
    }
  });

  it('fails if a path takes 10 % longer, and on a machine that is too noisy it says so', () => {
    for (const noise of [0.005, 0.02]) {
      const found = verdicts(1 + realLoss, noise, 12);
      assert.ok(found['as fast'] / trials < 0.01, `${JSON.stringify(found)} with noise of ${noise}`);
      assert.ok(verdicts(1.2, noise, 13).slower / trials > 0.9);
    }
    const { open } = verdicts(1 + realLoss, 0.3, 14);
    assert.ok(open / trials > 0.9, String(open));
  });

  it('needs few pairs if they agree', () => {
    assert.equal(judge([1, 1.01, 0.99, 1]), 'open');
    assert.equal(judge([1, 1.01, 0.99, 1, 1.01]), 'as fast');
    assert.equal(judge([1.1, 1.11, 1.09, 1.1, 1.11]), 'slower');
  });
});
