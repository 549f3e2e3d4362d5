import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Slots } from '../../src/runtime/slots.js';

describe('work in a limited number of slots', () => {
  /** A clock whose waits end when the test says so, or with their signal. */
  function clockOf() {
    const ends: (() => void)[] = [];
    return {
      /** Ends all waits. */
      pass() {
        for (const end of ends.splice(0)) end();
      },
      sleep: (_ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason as Error);
          ends.push(resolve);
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    };
  }
  const tooLate = () => new Error('too late');
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('runs in order, never more than the limit, and all of it, whatever is aborted, late or fails', async () => {
    const step = fc.oneof(
      fc.constant({ kind: 'add' as const }),
      fc.record({
        kind: fc.constantFrom('end' as const, 'fail' as const, 'abort' as const),
        which: fc.nat(20),
      }),
      fc.constant({ kind: 'late' as const }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { maxLength: 40 }),
        async (max, steps) => {
          const slots = new Slots(max);
          const clock = clockOf();
          const works: {
            stop: AbortController;
            state: 'waiting' | 'running' | 'over';
            end: () => void;
            fail: (error: Error) => void;
          }[] = [];
          const begun: number[] = [];
          for (const each of steps) {
            if (each.kind === 'add') {
              const stop = new AbortController();
              const index = works.length;
              const work = {
                stop,
                state: 'waiting' as const,
                end: () => {},
                fail: () => {},
              } as (typeof works)[0];
              works.push(work);
              const run = () =>
                new Promise<void>((resolve, reject) => {
                  work.state = 'running';
                  begun.push(index);
                  work.end = resolve;
                  work.fail = reject;
                });
              void slots
                .with(run, { clock, maxWaitMs: 1, signal: stop.signal, tooLate })
                .catch(() => {})
                .finally(() => {
                  work.state = 'over';
                });
            } else if (each.kind === 'late') {
              clock.pass();
            } else if (works.length > 0) {
              const work = works[each.which % works.length];
              if (each.kind === 'end') work?.end();
              else if (each.kind === 'fail') work?.fail(new Error('failed'));
              else work?.stop.abort(new Error('aborted'));
            }
            await settled();
            const count = (state: string) => works.filter((work) => work.state === state).length;
            assert.ok(count('running') <= max);
            if (count('waiting') > 0) assert.equal(count('running'), max);
            if (each.kind === 'late') assert.equal(count('waiting'), 0);
          }
          assert.deepEqual(
            begun,
            begun.toSorted((a, b) => a - b),
          );
        },
      ),
    );
  });

  it('fails with the error of the caller if no slot is free in time, and with the reason of its signal', async () => {
    const slots = new Slots(1);
    const clock = clockOf();
    let end = () => {};
    const wait = { clock, maxWaitMs: 1, tooLate };
    const first = slots.with(() => new Promise<void>((resolve) => (end = resolve)), wait);
    const late = slots.with(async () => 'late', wait);
    const stop = new AbortController();
    const aborted = slots.with(async () => 'aborted', { ...wait, signal: stop.signal });
    stop.abort(new Error('stopped'));
    await assert.rejects(aborted, /stopped/);
    clock.pass();
    await assert.rejects(late, /too late/);
    const next = slots.with(async () => 'next', wait);
    end();
    await first;
    assert.equal(await next, 'next');
  });
});
