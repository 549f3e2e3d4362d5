import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { lastTickMs } from '../../src/config/cron-ticks.js';
import type { Pipeline } from '../../src/config/spec.js';
import type { Run } from '../../src/runs/run.js';
import { runSchedule } from '../../src/runs/schedule.js';
import { fakeContext, fakePipeline, fakeRequest } from '../ingest/fake-context.js';
import { type SimulatedClock, simulateClock } from '../runtime/simulated-clock.js';
import { simulatedTicker } from './simulated-ticker.js';
import { runs } from '../property-runs.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** How late a run may begin after its tick, or after the machine wakes up. */
const maxDelayMs = 6000;
const timezone = 'Europe/Berlin';

interface Began extends Run {
  atMs: number;
  endedMs: number;
}

/** A program that runs a schedule. Its runs take the given times, and a drain receives again. */
class Program {
  /** When the queues were received from, by a new drain or one in progress. */
  readonly receives: { queue: string; atMs: number }[] = [];
  readonly runs: Began[] = [];
  private readonly stopSignal = new AbortController();
  private readonly ended: Promise<void>;
  private readonly draining = new Set<string>();

  constructor(
    private readonly clock: SimulatedClock,
    state: string,
    pipelines: Pipeline[],
    private readonly minutesOf: (run: Run) => number = () => 0.1,
    /** After a request cycle: when the requests that it postponed become possible. */
    private readonly nextMsOf: (run: Run) => number | undefined = () => undefined,
  ) {
    const context = fakeContext({ clock, config: { state, pipelines } });
    const { signal } = this.stopSignal;
    const execute = async (run: Run) => {
      const began = { ...run, atMs: clock.now(), endedMs: Number.POSITIVE_INFINITY };
      this.runs.push(began);
      const { queue } = run.pipeline;
      let isOver = false;
      void clock.sleep(this.minutesOf(run) * minuteMs, signal).then(over, over);
      function over() {
        isOver = true;
        context.shared.changed();
      }
      if (run.kind === 'drain') {
        assert.ok(!this.draining.has(queue), `${queue} is drained twice at the same time`);
        this.draining.add(queue);
      }
      do {
        if (run.kind !== 'drain') continue;
        context.shared.takeTick(queue);
        this.receives.push({ queue, atMs: clock.now() });
        await context.shared.until(() => isOver || context.shared.hasTick(queue));
      } while (!isOver && run.kind === 'drain');
      await context.shared.until(() => isOver);
      if (run.kind === 'drain') this.draining.delete(queue);
      began.endedMs = clock.now();
      return run.kind === 'request' ? { requests: { nextMs: this.nextMsOf(run) } } : undefined;
    };
    const signals = { stop: signal, abort: signal };
    const parts = { execute, openTicker: simulatedTicker(clock) };
    this.ended = runSchedule(context, signals, () => assert.fail('nothing is watched'), parts);
  }

  async stop(): Promise<void> {
    this.stopSignal.abort();
    await this.clock.runUntil(this.ended);
  }

  /** When runs of one kind began, and the ticks that they ran for. */
  timesOf(kind: Run['kind']): { at: string; due: string }[] {
    return this.runs
      .filter((each) => each.kind === kind)
      .map(({ atMs, dueAtMs }) => ({ at: text(atMs), due: dueAtMs === undefined ? 'none' : text(dueAtMs) }));
  }
}

const text = (ms: number) => new Date(ms).toISOString().slice(5, 16);

/** All ticks of an expression from a time until another, the first one first. */
function ticksBetween(expression: string, fromMs: number, untilMs: number): number[] {
  const found: number[] = [];
  let tick = lastTickMs(expression, timezone, untilMs, fromMs);
  while (tick !== undefined) {
    found.unshift(tick);
    tick = lastTickMs(expression, timezone, tick - 1, fromMs);
  }
  return found;
}

interface Plan {
  pipelines: { queue: number; schedule: string; sweep: string }[];
  /** The nights in which the clocks are set, and an ordinary one. */
  startMs: number;
  minutes: { drain: number; sweep: number };
  sleeps: { afterMinutes: number; minutes: number }[];
}

const plan = fc.record<Plan>({
  pipelines: fc.array(
    fc.record({
      queue: fc.nat(1),
      schedule: fc.constantFrom('*/5 * * * *', '*/15 * * * *', '0 * * * *', '30 */2 * * *'),
      sweep: fc.constantFrom('10 * * * *', '0 */2 * * *', '30 2 * * *', '59 1 * * *'),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  startMs: fc.constantFrom(Date.UTC(2026, 2, 28, 22), Date.UTC(2026, 9, 24, 22), Date.UTC(2026, 10, 11, 22)),
  minutes: fc.record({
    drain: fc.constantFrom(0.05, 3, 25),
    sweep: fc.constantFrom(0.05, 10, 90),
  }),
  sleeps: fc.array(
    fc.record({ afterMinutes: fc.integer({ min: 0, max: 240 }), minutes: fc.integer({ min: 1, max: 180 }) }),
    { maxLength: 3 },
  ),
});

describe('the schedule of runs', () => {
  let state: string;

  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'sp-reports-test-'));
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  const pipelineOf = (members: Partial<Pipeline> = {}) =>
    fakePipeline({ name: 'all', schedule: '0 3 * * *', timezone, ...members });

  it('receives within seconds after each tick, and sweeps once for it, however long runs take and the machine sleeps', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ pipelines, startMs, minutes, sleeps }) => {
        rmSync(join(state, 'ticks.json'), { force: true });
        const clock = simulateClock(startMs);
        const configs = pipelines.map(({ queue, ...rest }, index) =>
          pipelineOf({ name: `p${index}`, queue: `https://queue.invalid/1/q${queue}`, ...rest }),
        );
        const minutesOf = ({ kind }: Run) => (kind === 'drain' ? minutes.drain : minutes.sweep);
        const program = new Program(clock, state, configs, minutesOf);
        const asleep: { fromMs: number; untilMs: number }[] = [];
        for (const { afterMinutes, minutes: slept } of sleeps) {
          // Never just at a tick.
          await clock.runUntil(clock.sleep(afterMinutes * minuteMs + 7777));
          const fromMs = clock.now();
          clock.jump(slept * minuteMs);
          asleep.push({ fromMs, untilMs: clock.now() });
          await clock.runUntil(clock.sleep(maxDelayMs));
        }
        await clock.runUntil(clock.sleep(3 * hourMs));
        const endMs = clock.now() - maxDelayMs;
        const sleepAt = (ms: number) => asleep.find(({ fromMs, untilMs }) => fromMs < ms && ms <= untilMs);

        for (const { name, queue, schedule, sweep } of configs) {
          const ofQueue = program.receives.filter((each) => each.queue === queue).map(({ atMs }) => atMs);
          for (const tick of ticksBetween(schedule, startMs, endMs)) {
            const fromMs = sleepAt(tick)?.untilMs ?? tick;
            const isReceived = ofQueue.some((atMs) => atMs >= fromMs && atMs <= fromMs + maxDelayMs);
            assert.ok(isReceived, `${name} does not receive for its tick of ${text(tick)}`);
          }
          const sweeps = program.runs.filter((each) => each.kind === 'sweep' && each.pipeline.name === name);
          const due = sweeps.map(({ dueAtMs = 0 }) => dueAtMs);
          assert.equal(new Set(due).size, due.length, `${name} sweeps twice for one tick`);
          const ticks = ticksBetween(sweep ?? '', startMs, endMs);
          for (const tick of ticks) {
            // The last one of those that came while the machine slept stands for all.
            const ofSleep = sleepAt(tick);
            const later = ticks.find((each) => each > tick && sleepAt(each) === ofSleep);
            const isOfAll = ofSleep !== undefined && later !== undefined;
            const wakesInto =
              ofSleep && ticks.find((each) => each > tick && each <= ofSleep.untilMs + maxDelayMs);
            const isBusy = sweeps.some(({ dueAtMs = 0, endedMs }) => dueAtMs < tick && endedMs >= tick);
            const isWaiting = program.runs.some(
              (each) => each.kind === 'sweep' && each.pipeline.queue === queue && each.endedMs > tick,
            );
            if (isOfAll)
              assert.ok(!due.includes(tick), `${name} sweeps for a tick that a later one stands for`);
            else
              assert.ok(
                due.includes(tick) || isBusy || isWaiting || wakesInto,
                `${name} missed ${text(tick)}`,
              );
          }
          for (const each of due) assert.ok(ticks.includes(each) || each > endMs, text(each));
        }
        await program.stop();
      }),
      { numRuns: runs(4) },
    );
  });

  it('drains while a sweep of any pipeline waits for quota for hours', async () => {
    const clock = simulateClock(Date.UTC(2026, 10, 11, 10));
    const pipelines = ['one', 'other'].map((name) =>
      pipelineOf({
        name,
        schedule: '*/10 * * * *',
        sweep: '5 * * * *',
        request: [fakeRequest({ reportType: 'GET_X' })],
        queue: 'https://queue.invalid/1/same',
      }),
    );
    const minutesOf = ({ kind }: Run) => (kind === 'drain' ? 0.1 : 600);
    const program = new Program(clock, state, pipelines, minutesOf);
    await clock.runUntil(clock.sleep(61 * minuteMs));
    await program.stop();
    const drains = program.runs.filter(({ kind }) => kind === 'drain');
    assert.equal(drains.length, 2 * 7);
    for (const { atMs, dueAtMs } of drains) assert.ok(atMs - (dueAtMs ?? atMs) <= maxDelayMs * 2);
  });

  it('makes postponed requests as soon as the quota allows them, though not at once', async () => {
    const clock = simulateClock(Date.UTC(2026, 10, 11, 10, 2));
    const request = [fakeRequest({ reportType: 'GET_X', cron: '0 3 * * *' })];
    const pauses = [0.5, 15, undefined];
    const program = new Program(
      clock,
      state,
      [pipelineOf({ schedule: '0 * * * *', request })],
      () => 0,
      () => {
        const minutes = pauses.shift();
        return minutes === undefined ? undefined : clock.now() + minutes * minuteMs;
      },
    );
    await clock.runUntil(clock.sleep(50 * minuteMs));
    await program.stop();
    const times = program.timesOf('request').map(({ at }) => at);
    assert.deepEqual(times, ['11-11T10:02', '11-11T10:03', '11-11T10:18']);
  });

  it('makes up once for all ticks that came while the program was stopped, and drains at each start', async () => {
    const clock = simulateClock(Date.UTC(2026, 10, 11, 10, 2));
    const pipelines = [pipelineOf({ schedule: '0 * * * *', sweep: '30 * * * *' })];
    const first = new Program(clock, state, pipelines);
    await clock.runUntil(clock.sleep(40 * minuteMs));
    await first.stop();
    assert.deepEqual(first.timesOf('drain'), [{ at: '11-11T10:02', due: 'none' }]);
    assert.deepEqual(first.timesOf('sweep'), [{ at: '11-11T10:30', due: '11-11T10:30' }]);
    await clock.runUntil(clock.sleep(3 * hourMs));
    const second = new Program(clock, state, pipelines);
    await clock.runUntil(clock.sleep(minuteMs));
    await second.stop();
    assert.deepEqual(second.timesOf('drain'), [{ at: '11-11T13:42', due: '11-11T13:00' }]);
    assert.deepEqual(second.timesOf('sweep'), [{ at: '11-11T13:42', due: '11-11T13:30' }]);
    const third = new Program(clock, state, pipelines);
    await clock.runUntil(clock.sleep(minuteMs));
    await third.stop();
    assert.deepEqual(third.timesOf('drain'), [{ at: '11-11T13:43', due: 'none' }]);
    assert.deepEqual(third.timesOf('sweep'), []);
  });

  it('runs a sweep again at the next start that a stop cut short', async () => {
    const clock = simulateClock(Date.UTC(2026, 10, 11, 10, 2));
    const pipelines = [pipelineOf({ sweep: '30 * * * *' })];
    const first = new Program(clock, state, pipelines, () => 20);
    await clock.runUntil(clock.sleep(30 * minuteMs));
    await first.stop();
    const second = new Program(clock, state, pipelines);
    await clock.runUntil(clock.sleep(minuteMs));
    await second.stop();
    assert.deepEqual(second.timesOf('sweep'), [{ at: '11-11T10:32', due: '11-11T10:30' }]);
  });

  it('does not run a sweep again that a crash interrupted', async () => {
    const clock = simulateClock(Date.UTC(2026, 10, 11, 10, 2));
    const pipelines = [pipelineOf({ sweep: '30 * * * *' })];
    const crashed = new Program(clock, state, pipelines, () => 20);
    await clock.runUntil(clock.sleep(30 * minuteMs));
    const stored = readFileSync(join(state, 'ticks.json'), 'utf8');
    await crashed.stop();
    writeFileSync(join(state, 'ticks.json'), stored);
    const next = new Program(clock, state, pipelines);
    await clock.runUntil(clock.sleep(minuteMs));
    await next.stop();
    assert.deepEqual(next.timesOf('sweep'), []);
  });

  it('sweeps for each tick in one of the replicas that share a state folder, and drains in all', async () => {
    const clock = simulateClock(Date.UTC(2026, 10, 11, 10, 2));
    const pipelines = [pipelineOf({ schedule: '0 * * * *', sweep: '30 * * * *' })];
    const replicas = [new Program(clock, state, pipelines), new Program(clock, state, pipelines)];
    await clock.runUntil(clock.sleep(2 * hourMs));
    clock.jump(2 * hourMs);
    await clock.runUntil(clock.sleep(minuteMs));
    for (const each of replicas) await each.stop();
    const sweeps = replicas.flatMap((each) => each.timesOf('sweep').map(({ due }) => due));
    assert.deepEqual(sweeps.toSorted(), ['11-11T10:30', '11-11T11:30', '11-11T13:30']);
    const drains = replicas.map((each) => each.timesOf('drain').map(({ due }) => due));
    for (const each of drains) assert.deepEqual(each.slice(0, 3), ['none', '11-11T11:00', '11-11T12:00']);
    // One of them makes up for what both missed.
    assert.deepEqual(
      drains.flatMap((each) => each.slice(3)),
      ['11-11T14:00'],
    );
  });

  it('runs no tick twice when the clock is set back, and does not pause for hours', async () => {
    const clock = simulateClock(Date.UTC(2026, 10, 11, 10, 2));
    const pipelines = [pipelineOf({ sweep: '0 * * * *' })];
    const program = new Program(clock, state, pipelines);
    const dueAfter = async (ms: number) => {
      const before = program.timesOf('sweep').length;
      await clock.runUntil(clock.sleep(ms));
      return program
        .timesOf('sweep')
        .slice(before)
        .map(({ due }) => due);
    };
    assert.deepEqual(await dueAfter(hourMs), ['11-11T11:00']);
    clock.jump(-10 * minuteMs);
    assert.deepEqual(await dueAfter(hourMs), [], 'it ran for 11:00 before');
    assert.deepEqual(await dueAfter(hourMs), ['11-11T12:00']);
    // The clock was wrong by a year.
    clock.jump(-365 * 24 * hourMs);
    assert.deepEqual(await dueAfter(hourMs), ['11-11T13:00']);
    clock.jump(365 * 24 * hourMs);
    assert.deepEqual(await dueAfter(10_000), ['11-11T13:00']);
    await program.stop();
  });

  it('drains at the next tick after a run that failed in an unexpected way', async () => {
    const clock = simulateClock(Date.UTC(2026, 10, 11, 10, 2));
    let attempts = 0;
    const program = new Program(clock, state, [pipelineOf({ schedule: '0 * * * *' })], () => {
      attempts += 1;
      if (attempts === 1) throw new Error('a bug');
      return 0.1;
    });
    await clock.runUntil(clock.sleep(hourMs));
    await program.stop();
    assert.equal(attempts, 2);
  });

  it('drains although the state folder cannot be written', async () => {
    const clock = simulateClock(Date.UTC(2026, 10, 11, 10, 2));
    const program = new Program(clock, '/dev/null/state', [pipelineOf({ schedule: '0 * * * *' })]);
    await clock.runUntil(clock.sleep(2 * hourMs));
    await program.stop();
    assert.deepEqual(
      program.timesOf('drain').map(({ due }) => due),
      ['none', '11-11T11:00', '11-11T12:00'],
    );
  });
});
