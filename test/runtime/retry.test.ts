import assert from 'node:assert/strict';
import fc from 'fast-check';
import { exponentialBackoff, retry } from '../../src/runtime/retry.js';
import { simulateClock } from './simulated-clock.js';

/** An attempt that takes a while and then fails, is not finished yet, or succeeds. */
const outcome = fc.record({
  takesMs: fc.integer({ min: 0, max: 5000 }),
  kind: fc.constantFrom('passing', 'final', 'unfinished', 'further', 'done'),
});

describe('retry', () => {
  it('makes at most the allowed attempts, waits between them as the policy says, and ends as the last one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(outcome, { maxLength: 12 }),
        fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
        fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }),
        async (outcomes, maxAttempts, maxElapsedMs) => {
          const clock = simulateClock(0);
          const started: number[] = [];
          const ended: number[] = [];
          const waits: { failures: number; ms: number }[] = [];
          const kindOf = (index: number) => outcomes[index]?.kind ?? 'done';
          const result = await clock.runUntil(
            retry(
              async (number) => {
                assert.equal(number, started.length + 1);
                started.push(clock.now());
                const takesMs = outcomes[number - 1]?.takesMs ?? 0;
                if (takesMs > 0) await clock.sleep(takesMs);
                ended.push(clock.now());
                const kind = kindOf(number - 1);
                if (kind === 'passing' || kind === 'final') throw new Error(kind);
                return kind;
              },
              {
                maxAttempts,
                maxElapsedMs,
                backoffMs(failures) {
                  const ms = failures * 700;
                  waits.push({ failures, ms });
                  return ms;
                },
                isRetryable: (error) => (error as Error).message === 'passing',
                isUnfinished: (kind) => kind !== 'done',
                madeProgress: (kind) => kind === 'further',
                clock,
              },
            ).catch((error: Error) => error.message),
          );
          const last = started.length - 1;
          assert.equal(result, kindOf(last));
          // The model: failures in a row; one that made progress starts a new row.
          let failures = 0;
          for (let index = 0; index <= last; index += 1) {
            failures = kindOf(index) === 'further' ? 1 : failures + 1;
            const isOver =
              failures >= (maxAttempts ?? Number.POSITIVE_INFINITY) ||
              (ended[index] as number) >= (maxElapsedMs ?? Number.POSITIVE_INFINITY);
            const goesOn = !['done', 'final'].includes(kindOf(index)) && !isOver;
            assert.equal(goesOn, index < last);
            if (!goesOn) continue;
            assert.equal(waits[index]?.failures, failures);
            const leftMs = (maxElapsedMs ?? Number.POSITIVE_INFINITY) - (ended[index] as number);
            const waited = (started[index + 1] as number) - (ended[index] as number);
            assert.equal(waited, Math.min(waits[index]?.ms ?? 0, leftMs));
          }
        },
      ),
    );
  });

  it('ends a wait with the reason of the signal and makes no further attempt', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 10_000 }), async (abortAtMs) => {
        const clock = simulateClock(0);
        const stop = new AbortController();
        const reason = new Error('stopped');
        let attempts = 0;
        void clock.sleep(abortAtMs).then(() => stop.abort(reason));
        const work = retry(
          async () => {
            attempts += 1;
            throw new Error('busy');
          },
          { backoffMs: () => 1000, isRetryable: () => true, signal: stop.signal, clock },
        );
        await assert.rejects(clock.runUntil(work), reason);
        assert.equal(clock.now(), abortAtMs);
        assert.ok(attempts >= Math.floor(abortAtMs / 1000) && attempts <= Math.floor(abortAtMs / 1000) + 1);
      }),
    );
  });

  it('makes no attempt if the signal is already aborted', async () => {
    const work = retry(() => assert.fail('it was attempted'), { signal: AbortSignal.abort('over') });
    await assert.rejects(work, (reason) => reason === 'over');
  });

  it('prefers the reason of the signal to the error of the attempt that the signal aborted', async () => {
    const stop = new AbortController();
    const attempt = async () => {
      stop.abort('over');
      throw new Error('broken off');
    };
    await assert.rejects(retry(attempt, { signal: stop.signal }), (reason) => reason === 'over');
  });
});

describe('exponential backoff', () => {
  it('grows by its factor up to its maximum, within its jitter', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, random) => {
          const policy = { firstMs: 100, factor: 3, maxMs: 5000 };
          const plain = exponentialBackoff(policy)(failures);
          assert.equal(plain, Math.min(100 * 3 ** (failures - 1), 5000));
          const jittered = exponentialBackoff({ ...policy, jitter: [0.5, 1.5], random: () => random })(
            failures,
          );
          assert.ok(jittered >= plain * 0.5 && jittered <= plain * 1.5);
        },
      ),
    );
  });
});
