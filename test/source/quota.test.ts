import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { systemClock } from '../../src/runtime/clock.js';
import { ReportsError } from '../../src/errors/reports-error.js';
import { openSharedJson } from '../../src/files/shared-json.js';
import { openQuotaPlan, type QuotaKey, quotaJson } from '../../src/source/selling-partner/quota.js';
import { amazonsPlans, RateLimits } from '../../src/sandbox/rate-limits.js';
import { recordedWarnings } from '../files/recorded-warnings.js';
import { runs } from '../property-runs.js';

const key: QuotaKey = { clientId: 'app', sellerId: 'A1', operation: 'getReportDocument' };
const quick: QuotaKey = { clientId: 'app', sellerId: 'A1', operation: 'getReport' };
const exceeded = (error: unknown) => error instanceof ReportsError && error.code === 'API_QUOTA_EXCEEDED';

const root = new URL('../..', import.meta.url);

describe('the quota plan', () => {
  let folder: string;
  let file: string;
  let recorded: ReturnType<typeof recordedWarnings>;
  const at = (now: () => number) => ({ ...systemClock, now });
  const open = (now = Date.now) =>
    openQuotaPlan({
      state: openSharedJson(file, quotaJson, { ...recorded, clock: at(now) }),
      clock: at(now),
    });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-quota-'));
    file = join(folder, 'state', 'quota.json');
    recorded = recordedWarnings();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('allows the burst, then says when the next call is possible', async () => {
    let nowMs = 1_000_000;
    const plan = open(() => nowMs);
    assert.equal(plan.available(key), 15);
    for (let call = 0; call < 15; call += 1) await plan.take(key);
    assert.equal(plan.available(key), 0);
    // Two seconds later than the rate alone says: the first call may reach Amazon that late.
    assert.equal(plan.nextAvailableMs(key) - nowMs, 2000 + Math.ceil(1000 / 0.0167));
    assert.equal(plan.nextAvailableMs(key, 3) - nowMs, 2000 + Math.ceil(3000 / 0.0167));
    await assert.rejects(plan.take(key, { deadlineMs: nowMs + 1000 }), exceeded);
    nowMs += 62_000;
    assert.equal(plan.available(key), 1);
    assert.equal(plan.possibleUntil(key, nowMs + 600_000), 11);
    await plan.take(key, { deadlineMs: nowMs });
  });

  it('waits for a call that reaches Amazon late: its bucket refills from then on', async () => {
    let nowMs = 1_000_000;
    const plan = open(() => nowMs);
    for (let call = 0; call < 15; call += 1) await plan.take(key);
    // The first arrives 2 s late, the sixteenth at once: one token has come by then.
    const arrivedMs = nowMs + 2000;
    nowMs = plan.nextAvailableMs(key);
    await plan.take(key, { deadlineMs: nowMs });
    assert.ok(((nowMs - arrivedMs) / 1000) * 0.0167 >= 1);
  });

  it('survives a restart', async () => {
    const nowMs = 1_000_000;
    const before = open(() => nowMs);
    for (let call = 0; call < 10; call += 1) await before.take(key);
    // Not closed, as after a crash.
    assert.equal(open(() => nowMs).available(key), 5);
    assert.equal(open(() => nowMs + 11 * 60_000).available(key), 15);
  });

  it('is not blocked by a clock set back', async () => {
    const plan = open(() => 1_000_000);
    await plan.take(key);
    await plan.close();
    assert.equal(open(() => 500_000).available(key), 14);
  });

  it('does not know what was used if its file is damaged, and waits until everything is refilled', async () => {
    mkdirSync(join(folder, 'state'));
    for (const text of ['', '{', 'null', '{"x": 1}', `{"app A1 getReportDocument": {"tokens": "many"}}`]) {
      let nowMs = 1_000_000;
      writeFileSync(file, text);
      const plan = open(() => nowMs);
      assert.equal(plan.available(key), 0, text);
      await assert.rejects(plan.take(key, { deadlineMs: nowMs + 59_000 }), exceeded);
      nowMs += 61_000;
      await plan.take(key, { deadlineMs: nowMs });
      assert.equal(plan.available(key), 0, text);
      assert.match(recorded.warnings.at(-1) ?? '', /quota\.json is damaged .*calls wait/, text);
      nowMs += 15 * 60_000;
      assert.equal(open(() => nowMs).available(key), 15);
      assert.equal(open(() => nowMs).available(quick), 15);
    }
  });

  it('keeps what was used when it reads the file of an earlier version', async () => {
    mkdirSync(join(folder, 'state'));
    const bucket = { tokens: 3, atMs: 1_000_000, callsPerSecond: 0.0167 };
    writeFileSync(file, JSON.stringify({ 'app A1 getReportDocument': bucket }));
    const plan = open(() => 1_000_000);
    assert.equal(plan.available(key), 3);
    await plan.take(quick);
    assert.equal(open(() => 1_000_000).available(key), 3);
    assert.deepEqual(recorded.warnings, []);
  });

  it('never exceeds what Amazon allows if programs use their shares of it without knowing each other', () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 2, max: 5 }),
      fc.array(fc.tuple(fc.nat(4), fc.nat(90)), { minLength: 40, maxLength: 80 }),
      async (programs, calls) => {
        let nowMs = 1_000_000;
        const clock = at(() => nowMs);
        const plans = Array.from({ length: programs }, () => {
          let value = quotaJson.missing();
          const state = {
            read: () => value,
            async change(change: (held: typeof value) => typeof value) {
              value = change(value);
            },
          };
          return openQuotaPlan({ state, share: 1 / programs, clock });
        });
        const amazon = new RateLimits(amazonsPlans, clock.now);
        for (const [program, seconds] of calls) {
          nowMs += seconds * 1000;
          const plan = plans[program % programs];
          assert.ok(plan);
          // One program makes all the calls that it may.
          while (plan.available(key) >= 1) {
            await plan.take(key, { deadlineMs: nowMs });
            assert.ok(amazon.take(key.sellerId, key.operation));
          }
        }
      },
    );
    return fc.assert(property, { numRuns: runs(30) });
  });

  it('is one for all processes that share its file: they share its calls', async () => {
    const nowMs = 1_000_000;
    const [one, other] = [1, 2].map(() => open(() => nowMs));
    assert.ok(one && other);
    for (let call = 0; call < 10; call += 1) await one.take(key);
    await other.take(quick);
    assert.equal(other.available(key), 5);
    for (let call = 0; call < 5; call += 1) await other.take(key);
    await assert.rejects(one.take(key, { deadlineMs: nowMs }), exceeded);
    await one.observe(quick, { throttled: true });
    assert.equal(other.available(quick), 0);
    assert.equal(other.available(key), 0);
  });

  it('allows the burst only once if processes take from it at the same time', async () => {
    const script = `
      import { openSharedJson } from ${JSON.stringify(new URL('src/files/shared-json.ts', root).href)};
      import { openQuotaPlan, quotaJson } from ${JSON.stringify(new URL('src/source/selling-partner/quota.ts', root).href)};
      const plan = openQuotaPlan({ state: openSharedJson(${JSON.stringify(file)}, quotaJson, { log: console }) });
      const takes = Array.from({ length: 12 }, () => plan.take(${JSON.stringify(key)}, { deadlineMs: Date.now() + 30_000 }));
      const taken = (await Promise.allSettled(takes)).filter(({ status }) => status === 'fulfilled').length;
      await plan.take(${JSON.stringify(quick)});
      console.log(taken);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const runs = [1, 2].map(() => promisify(execFile)(process.execPath, args, { cwd: root }));
    const taken = (await Promise.all(runs)).map(({ stdout }) => Number(stdout));
    assert.equal(
      taken.reduce((sum, each) => sum + each),
      15,
      taken.join(),
    );
    assert.ok(open().available(quick) >= 13);
    assert.deepEqual(readdirSync(join(folder, 'state')), ['quota.json']);
  });

  it('follows the rate that Amazon reports, and stops after a refusal by Amazon', async () => {
    let nowMs = 0;
    const plan = open(() => nowMs);
    await plan.observe(key, { throttled: true });
    assert.equal(plan.available(key), 0);
    await plan.observe(key, { callsPerSecond: 1 });
    nowMs += 3000;
    assert.equal(plan.available(key), 3);
  });

  it('serves in the order of the calls, and continues when one is cancelled', async () => {
    const plan = open();
    await plan.observe(quick, { callsPerSecond: 50, throttled: true });
    const order: number[] = [];
    const abort = new AbortController();
    const given = [1, 2, 3].map((turn) =>
      plan.take(quick, turn === 2 ? { signal: abort.signal } : {}).then(
        () => order.push(turn),
        () => order.push(-turn),
      ),
    );
    abort.abort();
    await Promise.all(given);
    assert.deepEqual(order, [1, -2, 3]);
  });

  it('never allows more than the burst and the rate, over any time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 60 }),
        async (pausesSeconds) => {
          rmSync(join(folder, 'state'), { recursive: true, force: true });
          let nowMs = 0;
          const plan = open(() => nowMs);
          const takenMs: number[] = [];
          for (const pause of pausesSeconds) {
            nowMs += pause * 1000;
            await plan.take(key, { deadlineMs: nowMs }).then(
              () => takenMs.push(nowMs),
              (error) => assert.ok(exceeded(error)),
            );
          }
          takenMs.forEach((from, first) => {
            takenMs.slice(first).forEach((until, count) => {
              assert.ok(count + 1 <= 15 + ((until - from) / 1000) * 0.0167 + 1e-6);
            });
          });
        },
      ),
      { numRuns: runs(40) },
    );
  });
});
