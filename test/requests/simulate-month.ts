import { readSchemas, packagedSchemasFolder } from '../../src/schema/read.js';
import type { ReportSchema, ReportSchemas } from '../../src/schema/types.js';
import { limitsOf, type RequestLimit } from '../../src/requests/call-limits.js';
import { refreshRules } from '../../src/requests/refresh-rules.js';
import { plansOf, type RequestPlan } from '../../src/requests/request-plans.js';
import { windowsBetween } from '../../src/requests/windows.js';
import { Random } from '../../src/sandbox/random.js';
import { amazonsPlans, RateLimits } from '../../src/sandbox/rate-limits.js';
import {
  type CallCandidate,
  type CallQuota,
  type CallReason,
  type CallTurns,
  nextPlanMs,
  nextTurns,
  planCalls,
} from '../../src/scheduling/call-plan.js';
import {
  openQuotaPlan,
  type QuotaKey,
  quotaJson,
  type QuotaState,
} from '../../src/source/selling-partner/quota.js';
import { maxSpanMs } from '../../src/yaml/span.js';
import { fakeContext, fakePipeline, fakeRequest, fakeSeller } from '../ingest/fake-context.js';
import { minRequestPauseMs } from '../../src/runs/schedule.js';
import { Timeline } from './timeline.js';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** A Sunday, so that weeks of Brand Analytics begin with it. */
const startMs = Date.UTC(2026, 7, 30);

export interface MonthOptions {
  sellers: number;
  days: number;
  /** Of every so many report types, one is requested. */
  everyNthType?: number;
  /** Days before the beginning that are missing and are requested as older windows. */
  backlogDays?: number;
}

/** One window of one request, and what became of it. */
export interface SimulatedWindow {
  plan: RequestPlan;
  limits: RequestLimit[];
  startMs: number;
  endMs: number;
  /** When its data is complete. */
  settledMs: number;
  isOlder: boolean;
  /** When its reports were requested, and when they were loaded. */
  calls: { atMs: number; loadedMs?: number; makingMs: number }[];
}

export interface Month {
  windows: SimulatedWindow[];
  startMs: number;
  endMs: number;
  calls: number;
  /** Calls that Amazon refused, or would have. */
  refused: string[];
  /** The longest time that a document which Amazon announced by itself waited, in milliseconds. */
  maxDocumentWaitMs: number;
  /** How many times the plan was made, and how long it took. */
  plans: number;
}

/**
 * Simulates the requests of many sellers: every type that can be requested, at its defaults, with
 * the real plan of calls and the real quota plan. Amazon has its own token buckets, and its own
 * account of the minimum intervals and of the reports of a day. Reports take minutes to make; the
 * calls reach Amazon up to 1.5 s late. All sellers share one application.
 */
export async function simulateMonth({
  sellers,
  days,
  everyNthType = 1,
  backlogDays = 0,
}: MonthOptions): Promise<Month> {
  const random = new Random(7);
  const timeline = new Timeline(startMs);
  const now = () => timeline.nowMs;
  const clock = { now, sleep: async () => {}, every: () => () => {} };
  const plans = plansOfMonth(sellers, everyNthType);
  const endMs = startMs + days * dayMs;
  let value = quotaJson.missing();
  const quota = openQuotaPlan({
    state: {
      read: () => value,
      async change(change: (held: QuotaState) => QuotaState) {
        value = change(value);
      },
    },
    clock,
  });
  const amazon = new Amazon(now);
  const windows: SimulatedWindow[] = [];
  /** Due windows by key. */
  const due = new Map<string, CallCandidate & { window: SimulatedWindow }>();
  const newest = new Map<string, string>();
  const lastRequestedMs = new Map<string, number>();
  const callTimes = new Map<string, number[]>();
  const turns = new Map<string, CallTurns>();
  const inFlight = new Map<string, number>();
  /** Documents that wait for getReportDocument, by seller. */
  const documents = new Map<string, { sinceMs: number; loaded: () => void }[]>();
  let [calls, planned, maxDocumentWaitMs, lastPlanMs] = [0, 0, 0, 0];
  let wakeMs = Number.POSITIVE_INFINITY;

  for (const plan of plans) {
    const limits = limitsOf(plan, { sellers: plansSellers, quotaShare: 1 });
    if (plan.window === undefined) {
      for (let day = 0; day < days; day += 1) addWindow(plan, limits, day * dayMs + startMs);
      continue;
    }
    const sinceMs = startMs - backlogDays * dayMs;
    for (const each of windowsBetween(plan.window, sinceMs, endMs))
      addWindow(plan, limits, each.startMs, each.endMs);
  }
  for (const { id } of plansSellers.slice(0, sellers)) {
    // Settlements and other reports that Amazon makes by itself.
    for (let number = 0; number < days * 10; number += 1) {
      const atMs = startMs + Math.floor(random.next() * days * dayMs);
      timeline.at(atMs, () =>
        announce(id, (sinceMs) => {
          maxDocumentWaitMs = Math.max(maxDocumentWaitMs, now() - sinceMs);
        }),
      );
    }
  }
  while (timeline.advance(endMs)) {
    await fetchDocuments();
    if (now() >= wakeMs || due.size > 0) await makeCalls();
  }
  return { windows, startMs, endMs, calls, refused: amazon.refused, maxDocumentWaitMs, plans: planned };

  function addWindow(plan: RequestPlan, limits: RequestLimit[], fromMs: number, toMs = fromMs): void {
    const window: SimulatedWindow = {
      plan,
      limits,
      startMs: fromMs,
      endMs: toMs,
      settledMs: toMs + settlesAfterMs(plan),
      isOlder: toMs < startMs,
      calls: [],
    };
    windows.push(window);
    timeline.at(Math.max(startMs, toMs), () => fallDue(window));
    for (const ageMs of refreshAgesMs(plan))
      timeline.at(Math.max(startMs, toMs + ageMs), () => fallDue(window));
  }

  /** A window has ended, or has reached an age at which it is refreshed. */
  function fallDue(window: SimulatedWindow): void {
    const { plan, limits, endMs: dueMs } = window;
    const windowKey = `${plan.key} ${window.startMs}`;
    const last = window.calls.at(-1);
    if (last && last.loadedMs === undefined) return timeline.at(now() + minuteMs, () => fallDue(window));
    let reason: CallReason = 'refresh';
    if (window.calls.length === 0) {
      reason = window.isOlder ? 'older' : 'new';
      const before = due.get(newest.get(plan.key) ?? '');
      if (before?.reason === 'new' && reason === 'new') {
        // A newer snapshot replaces an older one.
        if (plan.window) before.reason = 'older';
        else due.delete(before.windowKey);
      }
      if (reason === 'new') newest.set(plan.key, windowKey);
    }
    if (due.has(windowKey)) return;
    due.set(windowKey, {
      window,
      sellerId: plan.sellerId,
      requestKey: plan.key,
      windowKey,
      reason,
      dueMs: reason === 'refresh' ? now() : dueMs,
      lastRequestedMs: 0,
      limits,
    });
    wakeMs = Math.min(wakeMs, now());
  }

  async function makeCalls(): Promise<void> {
    if (now() < wakeMs) return;
    if (now() < lastPlanMs + minRequestPauseMs) return wakeAt(lastPlanMs + minRequestPauseMs);
    lastPlanMs = now();
    planned += 1;
    const candidates = [...due.values()];
    for (const each of candidates) {
      const { window } = each;
      each.lastRequestedMs = lastRequestedMs.get(each.requestKey) ?? 0;
      each.settles = each.reason === 'refresh' && now() >= window.settledMs && !isSettled(window);
    }
    const decisions = planCalls(candidates, {
      nowMs: now(),
      seller: (sellerId) => ({
        createReport: quotaOf(sellerId, 'createReport'),
        getReportDocument: quotaOf(sellerId, 'getReportDocument'),
        inFlight: inFlight.get(sellerId) ?? 0,
      }),
      callTimes: (key) => callTimes.get(key) ?? [],
      turns: (key) => turns.get(key) ?? { calls: 0, exceptions: 0 },
    });
    for (const { candidate, waitsFor, exceptionOf } of decisions)
      if (waitsFor === undefined) await call(candidate, exceptionOf);
    const nextMs = nextPlanMs(decisions, now());
    wakeMs = Number.POSITIVE_INFINITY;
    if (Number.isFinite(nextMs)) wakeAt(Math.max(nextMs, now() + minRequestPauseMs));
  }

  function wakeAt(atMs: number): void {
    wakeMs = atMs;
    timeline.at(atMs, () => {});
  }

  async function call(
    { window, sellerId, requestKey, windowKey, limits }: CallCandidate & { window: SimulatedWindow },
    exceptionOf: string[],
  ): Promise<void> {
    due.delete(windowKey);
    await quota.take(keyOf(sellerId, 'createReport'), { deadlineMs: now() });
    const { reportType, facts } = window.plan;
    const arrivesMs = now() + random.integer(20, 1500);
    timeline.at(arrivesMs, () => amazon.createReport(sellerId, reportType, facts));
    calls += 1;
    lastRequestedMs.set(requestKey, now());
    for (const { key } of limits) callTimes.set(key, [...(callTimes.get(key) ?? []), now()].slice(-200));
    for (const key of [sellerId, ...limits.map((limit) => limit.key)]) {
      const held = turns.get(key) ?? { calls: 0, exceptions: 0 };
      turns.set(key, nextTurns(held, { isException: exceptionOf.includes(key) }));
    }
    inFlight.set(sellerId, (inFlight.get(sellerId) ?? 0) + 1);
    const makingMs = random.integer(1, 20) * minuteMs;
    const made: SimulatedWindow['calls'][number] = { atMs: now(), makingMs };
    window.calls.push(made);
    timeline.at(arrivesMs + makingMs, () =>
      announce(sellerId, () => {
        made.loadedMs = now();
        inFlight.set(sellerId, (inFlight.get(sellerId) ?? 0) - 1);
      }),
    );
  }

  function announce(sellerId: string, loaded: (sinceMs: number) => void): void {
    const waiting = documents.get(sellerId) ?? [];
    const sinceMs = now();
    waiting.push({ sinceMs, loaded: () => loaded(sinceMs) });
    documents.set(sellerId, waiting);
  }

  async function fetchDocuments(): Promise<void> {
    for (const [sellerId, waiting] of documents) {
      const key = keyOf(sellerId, 'getReportDocument');
      while (waiting.length > 0 && quota.available(key) >= 1) {
        await quota.take(key, { deadlineMs: now() });
        timeline.at(now() + random.integer(20, 1500), () => amazon.take(sellerId, 'getReportDocument'));
        waiting.shift()?.loaded();
      }
      if (waiting.length > 0) timeline.at(quota.nextAvailableMs(key), () => {});
      else documents.delete(sellerId);
    }
  }

  function quotaOf(sellerId: string, operation: QuotaKey['operation']): CallQuota {
    const key = keyOf(sellerId, operation);
    return {
      available: () => quota.available(key),
      nextAvailableMs: (count) => quota.nextAvailableMs(key, count),
      possibleUntil: (epochMs) => quota.possibleUntil(key, epochMs),
    };
  }
}

/** Amazon's side: what it allows, and what it refused. */
class Amazon {
  readonly refused: string[] = [];
  private readonly rates: RateLimits;
  private readonly created = new Map<string, number[]>();

  constructor(private readonly now: () => number) {
    this.rates = new RateLimits(amazonsPlans, now);
  }

  take(sellerId: string, operation: string): void {
    if (!this.rates.take(sellerId, operation)) this.refused.push(`${operation} of ${sellerId}`);
  }

  createReport(
    sellerId: string,
    reportType: string,
    { minInterval, reportsPerDay }: RequestPlan['facts'],
  ): void {
    this.take(sellerId, 'createReport');
    const nowMs = this.now();
    if (minInterval) {
      const times = this.timesOf(reportType, minInterval.per, sellerId, 'interval');
      const last = times.at(-1) ?? Number.NEGATIVE_INFINITY;
      if (nowMs - last < minInterval.minutes * minuteMs) this.refused.push(`${reportType}: too soon`);
      times.push(nowMs);
    }
    if (reportsPerDay) {
      const times = this.timesOf(reportType, reportsPerDay.per, sellerId, 'day');
      times.push(nowMs);
      const inADay = times.filter((atMs) => atMs > nowMs - dayMs).length;
      if (inADay > reportsPerDay.count) this.refused.push(`${reportType}: too many a day`);
    }
  }

  private timesOf(reportType: string, per: string, sellerId: string, kind: string): number[] {
    const key = [kind, reportType, per === 'application' ? '' : sellerId].join(' ');
    const times = this.created.get(key) ?? [];
    this.created.set(key, times);
    return times;
  }
}

export function isSettled({ calls, settledMs }: SimulatedWindow): boolean {
  return calls.some(({ atMs }) => atMs >= settledMs);
}

const clientId = 'the application';
const schemas: ReportSchemas = readSchemas({ folders: [packagedSchemasFolder()] });
const plansSellers = Array.from({ length: 100 }, (_, index) =>
  fakeSeller({ id: `A${String(index).padStart(3, '0')}`, clientId }),
);

function keyOf(sellerId: string, operation: QuotaKey['operation']): QuotaKey {
  return { clientId, sellerId, operation };
}

/** The requests of every type that can be requested. */
function plansOfMonth(sellers: number, everyNthType: number): RequestPlan[] {
  const request = [...schemas.values()]
    .filter(({ request: facts }) => facts?.madeBy?.includes('requested') && facts.ended === undefined)
    .filter((_, index) => index % everyNthType === 0)
    .map((schema) => fakeRequest({ reportType: schema.reportType, ...periodOf(schema) }));
  const pipeline = fakePipeline({ request });
  const config = { pipelines: [pipeline], sellers: plansSellers.slice(0, sellers) };
  return plansOf(pipeline, { ...fakeContext({ config }), schemas });
}

/** What a user has to write: a reporting period, or a window for what is no snapshot. */
function periodOf({ tables, request }: ReportSchema) {
  const period = request?.options?.reportPeriod?.values?.at(0);
  if (period) return { reportOptions: { reportPeriod: period } };
  return tables[0]?.load.mode === 'snapshot' ? {} : { window: { count: 1, unit: 'day' as const } };
}

function refreshAgesMs(plan: RequestPlan): number[] {
  return plan.window ? refreshRules(plan, schemas).agesMs : [];
}

/** At once, if the type has no refreshes. */
function settlesAfterMs(plan: RequestPlan): number {
  const { settlesAfter } = plan.facts;
  return settlesAfter && refreshAgesMs(plan).length > 0 ? maxSpanMs(settlesAfter) : 0;
}
