import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type CallCandidate,
  type CallLimit,
  type CallQuota,
  type CallReason,
  type CallState,
  type CallTurns,
  callReasons,
  nextPlanMs,
  nextTurns,
  planCalls,
} from '../../src/scheduling/call-plan.js';
import { runs } from '../property-runs.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const noTurns: CallTurns = { calls: 0, exceptions: 0 };
const startMs = Date.UTC(2026, 9, 1);
const perMinute = 1 / minuteMs;

/** A bucket that is refilled by one call a minute. */
function bucket(tokens: number, nowMs: number): CallQuota {
  return {
    available: () => Math.floor(tokens),
    nextAvailableMs: (calls = 1) => nowMs + Math.max(0, (calls - tokens) / perMinute),
    possibleUntil: (epochMs) => Math.floor(tokens + (epochMs - nowMs) * perMinute),
  };
}

interface Parts {
  tokens?: number;
  documents?: number;
  inFlight?: number;
  times?: Record<string, number[]>;
  turns?: Record<string, CallTurns>;
}

function stateAt(nowMs: number, parts: Parts = {}): CallState {
  const { tokens = 15, documents = 15, inFlight = 0, times = {}, turns = {} } = parts;
  return {
    nowMs,
    seller: () => ({
      createReport: bucket(tokens, nowMs),
      getReportDocument: bucket(documents, nowMs),
      inFlight,
    }),
    callTimes: (key) => times[key] ?? [],
    turns: (key) => turns[key] ?? noTurns,
  };
}

function candidate(parts: Partial<CallCandidate> & { windowKey: string }): CallCandidate {
  return {
    sellerId: 'A1',
    requestKey: 'request',
    reason: 'new',
    dueMs: startMs,
    lastRequestedMs: 0,
    limits: [],
    ...parts,
  };
}

const keysNow = (candidates: CallCandidate[], state: CallState) =>
  planCalls(candidates, state).flatMap((each) => (each.waitsFor ? [] : [each.candidate.windowKey]));

const limits: Record<string, CallLimit[]> = {
  none: [],
  spaced: [{ key: 'spaced', calls: 1, perMs: 15 * minuteMs }],
  daily: [{ key: 'daily', calls: 3, perMs: 24 * hourMs }],
};

const candidates = (max: number) =>
  fc.uniqueArray(
    fc.record({
      sellerId: fc.constantFrom('A1', 'A2', 'A3'),
      requestKey: fc.constantFrom('r1', 'r2', 'r3', 'r4'),
      windowKey: fc.nat(40).map(String),
      reason: fc.constantFrom<CallReason>(...callReasons),
      settles: fc.boolean(),
      dueMs: fc.nat(1000).map((hours) => startMs - hours * hourMs),
      lastRequestedMs: fc.nat(1000).map((hours) => startMs - hours * hourMs),
      limits: fc.constantFrom(...Object.values(limits)),
    }),
    { maxLength: max, selector: (each) => JSON.stringify(each) },
  );

const states = fc.record({
  tokens: fc.double({ min: 0, max: 15, noNaN: true }),
  documents: fc.double({ min: 0, max: 15, noNaN: true }),
  inFlight: fc.nat(1500),
  turns: fc.dictionary(
    fc.constantFrom('A1', 'A2', 'spaced', 'daily'),
    fc.record({ calls: fc.nat(120), exceptions: fc.nat(9) }),
  ),
  times: fc.record({
    spaced: fc.array(fc.nat(3000), { maxLength: 3 }).map(minutesAgo),
    daily: fc.array(fc.nat(3000), { maxLength: 6 }).map(minutesAgo),
  }),
});

function minutesAgo(minutes: number[]): number[] {
  return minutes.map((each) => startMs - each * minuteMs).sort((a, b) => a - b);
}

describe('the plan of calls', () => {
  it('takes the newest windows first, then retries, refreshes, older windows and fan-out', () => {
    const all = [
      candidate({ windowKey: 'fan-out', reason: 'fan-out' }),
      candidate({ windowKey: 'older', reason: 'older' }),
      candidate({ windowKey: 'restated', reason: 'refresh', dueMs: startMs - hourMs }),
      candidate({ windowKey: 'completed', reason: 'refresh', settles: true }),
      candidate({ windowKey: 'retry', reason: 'retry' }),
      candidate({ windowKey: 'new' }),
    ];
    const order = ['new', 'retry', 'completed', 'restated', 'older', 'fan-out'];
    assert.deepEqual(keysNow(all, stateAt(startMs)), order);
    assert.deepEqual(keysNow(all, stateAt(startMs, { tokens: 2.9 })), order.slice(0, 2));
  });

  it('lets requests take turns, beginning with the one that was made longest ago', () => {
    const all = ['a', 'b'].flatMap((requestKey, index) =>
      [1, 2].map((number) =>
        candidate({
          windowKey: `${requestKey}${number}`,
          requestKey,
          reason: 'older',
          dueMs: startMs + number,
          lastRequestedMs: startMs - index,
        }),
      ),
    );
    assert.deepEqual(keysNow(all, stateAt(startMs)), ['b1', 'a1', 'b2', 'a2']);
  });

  it('says when a call that is not possible now becomes possible, and what it waits for', () => {
    const spaced = { limits: limits.spaced };
    const state = stateAt(startMs, { tokens: 2, times: { spaced: [startMs - 5 * minuteMs] } });
    const all = [
      candidate({ windowKey: '1', ...spaced }),
      candidate({ windowKey: '2', ...spaced, sellerId: 'A2' }),
      ...['3', '4', '5'].map((windowKey) => candidate({ windowKey, sellerId: 'A3' })),
    ];
    const decisions = planCalls(all, state).map(({ candidate: { windowKey }, atMs, waitsFor }) => [
      windowKey,
      (atMs - startMs) / minuteMs,
      waitsFor,
    ]);
    assert.deepEqual(decisions, [
      ['3', 0, undefined],
      ['4', 0, undefined],
      ['1', 10, 'limit'],
      ['2', 25, 'limit'],
      ['5', 1, 'createReport'],
    ]);
  });

  it('requests an older window only if a document that is announced now can be fetched within an hour', () => {
    const older = candidate({ windowKey: 'older', reason: 'older' });
    const newest = candidate({ windowKey: 'new' });
    // 15 calls now and 60 within the hour, of which 10 are left to drains.
    assert.deepEqual(keysNow([older], stateAt(startMs, { inFlight: 64 })), ['older']);
    assert.deepEqual(keysNow([older, newest], stateAt(startMs, { inFlight: 65 })), ['new']);
    const [decision] = planCalls([older], stateAt(startMs, { inFlight: 69 }));
    assert.deepEqual([decision?.waitsFor, decision?.atMs], ['getReportDocument', startMs + 5 * minuteMs]);
  });

  it('makes one report of a window at a time', () => {
    const all = [candidate({ windowKey: '1' }), candidate({ windowKey: '1', reason: 'refresh' })];
    assert.deepEqual(keysNow(all, stateAt(startMs)), ['1']);
  });

  it('wants another plan when a limit allows a call, and when a seller has saved up several', () => {
    const nextMinutes = (candidates: CallCandidate[], parts: Parts) =>
      (nextPlanMs(planCalls(candidates, stateAt(startMs, parts)), startMs) - startMs) / minuteMs;
    const first = candidate({ windowKey: '1' });
    const spaced = candidate({ windowKey: '2', limits: limits.spaced });
    const times = { spaced: [startMs - 13 * minuteMs] };
    assert.equal(nextMinutes([first], { tokens: 0 }), 5);
    assert.equal(nextMinutes([first, spaced], { tokens: 0, times }), 2);
    assert.equal(nextMinutes([first], {}), Number.POSITIVE_INFINITY);
  });

  it('exceeds no limit', () => {
    const property = fc.property(candidates(60), states, (all, parts) => {
      const state = stateAt(startMs, parts);
      const now = planCalls(all, state).filter(({ waitsFor }) => !waitsFor);
      for (const sellerId of ['A1', 'A2', 'A3']) {
        const ofSeller = now.filter((each) => each.candidate.sellerId === sellerId);
        assert.ok(ofSeller.length <= Math.floor(parts.tokens));
        if (ofSeller.length > 0) assert.ok(ofSeller.length + parts.inFlight <= parts.documents + 24 * 60);
      }
      for (const { key, calls, perMs } of Object.values(limits).flat()) {
        const made = now.filter((each) => each.candidate.limits.some((limit) => limit.key === key));
        const before = (state.callTimes(key) ?? []).filter((atMs) => atMs > startMs - perMs);
        if (made.length > 0) assert.ok(before.length + made.length <= calls, key);
      }
      const windows = now.map((each) => each.candidate.windowKey);
      assert.equal(new Set(windows).size, windows.length);
    });
    fc.assert(property);
  });

  it('decides on every candidate once, the same way in whatever order they come', () => {
    const property = fc.property(candidates(40), states, fc.nat(), (all, parts, seed) => {
      const shuffled = all.toSorted((a, b) => hash(JSON.stringify(a), seed) - hash(JSON.stringify(b), seed));
      const state = stateAt(startMs, parts);
      const decisions = planCalls(all, state);
      assert.deepEqual(planCalls(shuffled, state), decisions);
      assert.deepEqual(new Set(decisions.map((each) => each.candidate)), new Set(all));
      assert.equal(decisions.length, all.length);
      for (const { atMs, waitsFor } of decisions)
        assert.ok(waitsFor ? Number.isFinite(atMs) : atMs <= startMs);
    });
    fc.assert(property);
  });

  it('makes every call in the end, however many more urgent ones keep coming', () => {
    const arbitrary = fc.record({
      reason: fc.constantFrom<CallReason>(...callReasons),
      settles: fc.boolean(),
      isSpaced: fc.boolean(),
      sellerId: fc.constantFrom('A1', 'A2'),
    });
    const property = fc.property(arbitrary, ({ isSpaced, ...parts }) => {
      const patient = candidate({
        windowKey: 'patient',
        requestKey: 'patient',
        limits: isSpaced ? limits.spaced : [],
        ...parts,
      });
      const turns: Record<string, CallTurns> = {};
      const times: number[] = [];
      let nowMs = startMs;
      // One call at a time, and in each turn two new candidates for every reason.
      for (let round = 0; round < 4000; round += 1) {
        nowMs += 15 * minuteMs;
        const others = callReasons.flatMap((reason) =>
          [true, false].flatMap((settles) =>
            ['A1', 'A2'].map((sellerId) =>
              candidate({
                windowKey: `${sellerId} ${reason} ${settles} ${round}`,
                requestKey: `${sellerId} ${reason}`,
                sellerId,
                reason,
                settles,
                dueMs: nowMs,
                lastRequestedMs: nowMs,
                limits: limits.spaced,
              }),
            ),
          ),
        );
        const state = stateAt(nowMs, { tokens: 1, turns, times: { spaced: times } });
        const now = planCalls([patient, ...others], state).filter(({ waitsFor }) => !waitsFor);
        if (now.some((each) => each.candidate === patient)) return;
        for (const { candidate: made, exceptionOf } of now) {
          for (const key of [made.sellerId, ...made.limits.map((limit) => limit.key)]) {
            const isException = exceptionOf.includes(key);
            turns[key] = nextTurns(turns[key] ?? noTurns, { isException });
          }
          if (made.limits.length > 0) times.push(nowMs);
        }
      }
      assert.fail('it waits forever');
    });
    fc.assert(property, { numRuns: runs(20) });
  });
});

function hash(text: string, seed: number): number {
  return [...text].reduce((held, letter) => (held * 31 + letter.charCodeAt(0)) % 1_000_003, seed % 1_000_003);
}
