import assert from 'node:assert/strict';
import fc from 'fast-check';
import { computeDueWindows, type DueWindows } from '../../src/requests/due-windows.js';
import type { RefreshRules } from '../../src/requests/refresh-rules.js';
import {
  applyToWindow,
  applyToWindows,
  forceRetries,
  type RequestProgress,
  requestedReports,
  windowOf,
  windowRecord,
  windowVersion,
} from '../../src/requests/request-progress.js';
import {
  isClosed,
  nextWindow,
  type WindowEvent,
  type WindowRecord,
  type WindowState,
} from '../../src/requests/window-states.js';
import type { Window } from '../../src/requests/windows.js';
import { fakePlan } from './fake-plan.js';
import { runs } from '../property-runs.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 9, 10);
const at = new Date(startMs).toISOString();

const later = new Date(startMs + hourMs).toISOString();

const failed = { at, reportId: 'r', failed: 'FATAL' };
/** A record of each state, with a report `r` if a report is known. */
const records: Record<WindowState, Omit<WindowRecord, 'start' | 'end' | 'version'>> = {
  due: { state: 'due', attempts: [] },
  unconfirmed: { state: 'unconfirmed', attempts: [{ at }] },
  requested: { state: 'requested', attempts: [{ at, reportId: 'r' }] },
  'backing-off': { state: 'backing-off', attempts: [failed], retryAt: at },
  settling: { state: 'settling', attempts: [], answeredAt: at },
  answered: { state: 'answered', attempts: [{ at, reportId: 'r' }] },
  abandoned: { state: 'abandoned', attempts: [failed, failed, failed, failed] },
};
const events: Record<WindowEvent['type'], WindowEvent> = {
  attempted: { type: 'attempted' },
  'not-created': { type: 'not-created' },
  'report-created': { type: 'report-created', reportId: 'new', at },
  'report-failed': { type: 'report-failed', reportId: 'r', found: 'FATAL' },
  'given-up': { type: 'given-up' },
  'report-loaded': { type: 'report-loaded', createdAt: later, isEmpty: false },
  'refresh-due': { type: 'refresh-due', since: at },
  'refresh-later': { type: 'refresh-later' },
  'refresh-over': { type: 'refresh-over' },
  'time-passed': { type: 'time-passed' },
  'retry-forced': { type: 'retry-forced' },
};
/** The table at the head of window-states.ts; a pair that is not listed changes nothing. */
const transitions: Partial<Record<`${WindowState} ${WindowEvent['type']}`, WindowState>> = {
  'due attempted': 'unconfirmed',
  'due report-created': 'requested',
  'due report-loaded': 'settling',
  'due retry-forced': 'due',
  'unconfirmed attempted': 'unconfirmed',
  'unconfirmed not-created': 'due',
  'unconfirmed report-created': 'requested',
  'unconfirmed report-loaded': 'settling',
  'requested report-created': 'requested',
  'requested report-failed': 'backing-off',
  'requested report-loaded': 'settling',
  'backing-off report-created': 'requested',
  'backing-off report-loaded': 'settling',
  'backing-off time-passed': 'due',
  'backing-off retry-forced': 'due',
  'backing-off given-up': 'abandoned',
  'settling report-loaded': 'settling',
  'settling refresh-due': 'due',
  'settling refresh-over': 'answered',
  'abandoned retry-forced': 'due',
};

describe('the state of a window', () => {
  for (const state of Object.keys(records) as WindowState[]) {
    for (const type of Object.keys(events) as WindowEvent['type'][]) {
      const next = transitions[`${state} ${type}`];
      const isSame = next === undefined || next === state;
      it(isSame ? `stays ${state} by ${type}` : `changes from ${state} to ${next} by ${type}`, () => {
        const record = { start: at, end: at, version: 1, ...records[state] };
        const after = nextWindow(record, events[type], startMs + hourMs);
        assert.equal(after.state, next ?? state);
        assert.equal(after !== record, next !== undefined);
      });
    }
  }

  /** A window with data: its refresh is to come, due, or under way. */
  const withData: typeof records = {
    ...records,
    due: { ...records.due, answeredAt: at, refreshAt: at },
    unconfirmed: { ...records.unconfirmed, answeredAt: at, refreshAt: at },
    requested: { ...records.requested, answeredAt: at, refreshAt: at },
    'backing-off': { ...records['backing-off'], answeredAt: at, refreshAt: at },
  };
  /** What differs from a window without data. */
  const refreshTransitions: typeof transitions = {
    'due refresh-later': 'settling',
    'due refresh-over': 'answered',
    'backing-off refresh-later': 'settling',
    'backing-off refresh-over': 'answered',
    'backing-off given-up': 'settling',
  };
  for (const state of ['due', 'unconfirmed', 'requested', 'backing-off'] as const) {
    for (const type of Object.keys(events) as WindowEvent['type'][]) {
      const next = refreshTransitions[`${state} ${type}`] ?? transitions[`${state} ${type}`];
      it(`with data ${next ? `is ${next} after` : `ignores`} ${type} if its refresh is ${state}`, () => {
        const record = { start: at, end: at, version: 1, ...withData[state] };
        const after = nextWindow(record, events[type], startMs + hourMs);
        assert.equal(after.state, next ?? state);
        assert.equal(after !== record, next !== undefined);
        assert.equal(after.answeredAt, type === 'report-loaded' ? later : at);
      });
    }
  }

  it('backs off for one, four and 24 hours, then for 24 hours each, until it is given up', () => {
    let record: WindowRecord = { start: at, end: at, version: 1, ...records.due };
    let nowMs = startMs;
    const apply = (event: WindowEvent) => {
      record = nextWindow(record, event, nowMs);
      return record.state;
    };
    for (const waitHours of [1, 4, 24, 24, 24]) {
      const reportId = `after ${record.attempts.length} failures`;
      assert.equal(apply({ type: 'attempted' }), 'unconfirmed');
      apply({ type: 'report-created', reportId, at: new Date(nowMs).toISOString() });
      assert.equal(apply({ type: 'report-failed', reportId, found: 'FATAL' }), 'backing-off');
      nowMs += waitHours * hourMs - 1;
      assert.equal(apply({ type: 'time-passed' }), 'backing-off');
      nowMs += 1;
      if (record.attempts.length < 5) assert.equal(apply({ type: 'time-passed' }), 'due');
    }
    assert.equal(apply({ type: 'given-up' }), 'abandoned');
  });

  it('stores no attempts while it waits for a refresh', () => {
    const requested = { start: at, end: at, version: 1, ...records.requested };
    const { attempts, ...settling } = nextWindow(requested, events['report-loaded'], startMs + hourMs);
    assert.deepEqual(attempts, []);
    assert.ok(JSON.stringify(settling).length < 170, JSON.stringify(settling));
  });
});

const plan = fakePlan({ fromMs: startMs });

interface Call {
  window: Window;
  version: number;
}
interface Report {
  id: string;
  startMs: number;
  createdMs: number;
  status: 'open' | 'failed' | 'loaded' | 'empty';
}

const rules: RefreshRules = {
  agesMs: [2 * dayMs, 5 * dayMs],
  settledMs: 30 * hourMs,
  emptyAgesMs: [dayMs, 30 * hourMs],
  keepsOldRows: false,
};
const lastAgeMs = 5 * dayMs;

/** The times at which a window is due again after a report. */
function refreshTimes({ startMs: windowMs, status }: Report): number[] {
  const ages = status === 'empty' ? [...rules.agesMs, ...rules.emptyAgesMs] : rules.agesMs;
  return ages.map((ageMs) => windowMs + dayMs + ageMs);
}

const hasEnded = ({ status }: Report) => status === 'loaded' || status === 'empty';

/** Some processes that share the stored state of one request, and Amazon. No I/O. */
class Processes {
  nowMs = startMs + 2 * dayMs;
  progress: RequestProgress | undefined;
  readonly reports: Report[] = [];
  /** What each process knows since its last look, and the call that it is about to send. */
  private readonly looks = new Map<number, DueWindows>();
  private readonly calls = new Map<number, Call>();
  private number = 0;

  look(process: number): void {
    const others = { requested: new Map(), others: [], otherRequests: [] };
    const times = { nowMs: this.nowMs, untilMs: this.nowMs, ignoresRefusal: false };
    const found = computeDueWindows(plan, rules, this.progress, others, times);
    this.progress = found.progress;
    this.looks.set(process, found);
  }

  /** Confirms or withdraws what is unconfirmed: Amazon lists every report that was created. */
  reconcile(process: number): void {
    for (const window of this.looks.get(process)?.due ?? []) {
      if (!this.isUnchanged(process, window)) continue;
      const record = this.progress && windowRecord(this.progress, window);
      if (record?.state !== 'unconfirmed') continue;
      const open = this.reports.find(
        (each) =>
          each.startMs === window.startMs &&
          each.status === 'open' &&
          !record.attempts.some((known) => known.reportId === each.id),
      );
      const createdAt = new Date(this.nowMs).toISOString();
      this.apply(
        window,
        open ? { type: 'report-created', reportId: open.id, at: createdAt } : { type: 'not-created' },
      );
    }
    const look = this.looks.get(process);
    if (look && this.progress) this.looks.set(process, { ...look, progress: this.progress });
  }

  attempt(process: number, index: number): void {
    const due = this.looks.get(process)?.due ?? [];
    const window = due[index % Math.max(due.length, 1)];
    if (!window || !this.isUnchanged(process, window) || !this.progress) return;
    if (windowRecord(this.progress, window)?.state === 'unconfirmed') return;
    this.apply(window, { type: 'attempted' });
    this.calls.set(process, { window, version: windowVersion(this.progress, window) });
  }

  /** The call gets its quota, maybe long after the attempt. `fate`: how it ends. */
  send(process: number, fate: 'created' | 'refused' | 'created, response lost' | 'lost'): void {
    const call = this.calls.get(process);
    if (!call || !this.progress) return;
    this.calls.delete(process);
    if (windowVersion(this.progress, call.window) !== call.version) return;
    const before = this.progress;
    this.apply(call.window, { type: 'attempted' });
    if (this.progress === before) return;
    const { startMs: windowMs } = call.window;
    if (fate === 'refused') this.apply(call.window, { type: 'not-created' });
    if (!fate.startsWith('created')) return;
    const ofWindow = this.reports.filter((each) => each.startMs === windowMs);
    const open = ofWindow.filter(({ status }) => status === 'open');
    assert.deepEqual(open, [], 'a window is requested while its report may still come');
    const newest = ofWindow.filter(hasEnded).at(-1);
    const isDue =
      !newest || refreshTimes(newest).some((atMs) => newest.createdMs < atMs && atMs <= this.nowMs);
    assert.ok(isDue, 'a window is requested again before it reaches an age');
    this.number += 1;
    const id = String(this.number);
    this.reports.push({ id, startMs: windowMs, createdMs: this.nowMs, status: 'open' });
    const event = { type: 'report-created', reportId: id, at: new Date(this.nowMs).toISOString() } as const;
    if (fate === 'created') this.apply(call.window, event);
  }

  /** The ledger has the reports that are known: they are loaded, or FATAL. */
  end(status: 'failed' | 'loaded' | 'empty'): void {
    const known = new Set(requestedReports(this.progress as RequestProgress).map(({ reportId }) => reportId));
    for (const report of this.reports) {
      if (report.status !== 'open' || !known.has(report.id)) continue;
      report.status = status;
      const window = { startMs: report.startMs, endMs: report.startMs + dayMs };
      const createdAt = new Date(report.createdMs).toISOString();
      const failure = { type: 'report-failed', reportId: report.id, found: 'FATAL' } as const;
      const loaded = { type: 'report-loaded', createdAt, isEmpty: status === 'empty' } as const;
      this.apply(window, status === 'failed' ? failure : loaded);
    }
  }

  wait(minutes: number): void {
    this.nowMs += minutes * minuteMs;
  }

  force(): void {
    if (this.progress) this.progress = forceRetries(this.progress, this.nowMs);
  }

  private isUnchanged(process: number, window: Window): boolean {
    const known = this.looks.get(process)?.progress;
    if (!known || !this.progress) return false;
    return windowVersion(this.progress, window) === windowVersion(known, window);
  }

  private apply(window: Window, event: WindowEvent): void {
    if (this.progress) this.progress = applyToWindow(this.progress, window, event, this.nowMs);
  }
}

const process = fc.integer({ min: 0, max: 1 });
type Step = (world: Processes) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: process.map((of) => (world: Processes) => world.look(of)) },
  {
    weight: 5,
    arbitrary: process.map((of) => (world: Processes) => {
      world.look(of);
      world.reconcile(of);
    }),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(process, fc.nat({ max: 1 })).map(
      ([of, index]) =>
        (world: Processes) =>
          world.attempt(of, index),
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(process, fc.constantFrom('created', 'created', 'refused', 'created, response lost', 'lost'))
      .map(
        ([of, fate]) =>
          (world: Processes) =>
            world.send(of, fate as 'created'),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('failed', 'failed', 'loaded', 'empty')
      .map((status) => (world: Processes) => world.progress && world.end(status as 'failed')),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(1, 11, 11, 11, 70, 300, 1500)
      .map((minutes) => (world: Processes) => world.wait(minutes)),
  },
  { weight: 1, arbitrary: fc.constant((world: Processes) => world.force()) },
) as fc.Arbitrary<Step>;

describe('the windows of a request that processes share, after random events in random order', () => {
  it('have one report at a time, are requested again at each age, and are all answered or abandoned in the end', () => {
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new Processes();
      world.look(0);
      for (const each of steps) each(world);
      const lastMs = Math.floor(world.nowMs / dayMs) * dayMs;
      for (let round = 0; round < 14; round += 1) {
        world.nowMs += 26 * hourMs;
        world.look(0);
        world.reconcile(0);
        world.end('loaded');
        for (let index = 0; index < 20; index += 1) {
          world.look(0);
          world.attempt(0, index);
          world.send(0, 'created');
        }
        world.end('loaded');
      }
      world.look(0);
      const { doneUntil, abandoned, windows } = world.progress as RequestProgress;
      assert.ok(Date.parse(doneUntil) >= lastMs, `${doneUntil} is not ${new Date(lastMs).toISOString()}`);
      assert.ok(windows.every((record) => isClosed(record) || windowOf(record).startMs >= lastMs));
      for (let ms = startMs; ms < lastMs; ms += dayMs) {
        const ofDay = world.reports.filter((each) => each.startMs === ms);
        const day = new Date(ms).toISOString();
        const isAbandoned = abandoned.some(({ start }) => Date.parse(start) === ms);
        assert.ok(ofDay.some(hasEnded) || (isAbandoned && ofDay.length >= 4), `${day} is lost`);
        if (isAbandoned) continue;
        const settled = ofDay.filter(({ createdMs }) => createdMs >= ms + dayMs + lastAgeMs);
        assert.ok(settled.some(hasEnded) || settled.length >= 4, `${day} is not final`);
      }
    });
    // Both calls wait for their quota; the window of the first was due again in the meantime.
    const race: Step[] = [
      (world) => world.attempt(0, 0),
      (world) => world.wait(11),
      (world) => world.look(1),
      (world) => world.reconcile(1),
      (world) => world.attempt(1, 0),
      (world) => world.send(0, 'created, response lost'),
      (world) => world.send(1, 'created'),
    ];
    fc.assert(property, { numRuns: runs(300), examples: [[race]] });
  });

  it('keep the version of everything that an event does not change', () => {
    const world = new Processes();
    world.look(0);
    const before = world.progress as RequestProgress;
    assert.equal(
      applyToWindows(before, () => events['time-passed'], world.nowMs),
      before,
    );
    world.look(1);
    assert.equal(world.progress, before);
  });
});
