import { amazonsPlans } from '../../src/sandbox/rate-limits.js';
import type { Month, SimulatedWindow } from './simulate-month.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** How long the reports took that windows need, and the least that Amazon's limits allow. */
export interface AnswerTimes {
  /** Reports: the first one of each window, and the one that has its complete data. */
  needed: number;
  /** Those that are not loaded at the end of the month. */
  missing: number;
  /** From the end of a window until the report is loaded. */
  meanHours: number;
  /** The least that the limits allow. */
  minMeanHours: number;
  maxHours: number;
}

/** A limit as Amazon documents it. */
interface Limit {
  burst: number;
  intervalMs: number;
}

/**
 * Compares a simulated month with the least time that the limits allow. The bound does not know the
 * plan of calls: calls that take the same time finish earliest, in total, if their resource is
 * never idle while one of them is due, in whatever order. Each resource alone gives a bound.
 * Refreshes that no window needs, and the quota of documents, are left out, which only lowers it.
 */
export function answerTimesOf(month: Month, windows: SimulatedWindow[] = month.windows): AnswerTimes {
  const needed = windows.flatMap((window) => neededOf(window, month));
  const actual = needed.map(({ loadedMs, window }) => (loadedMs ?? month.endMs) - window.endMs);
  const sumMs = (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0);
  let minMs = 0;
  for (const calls of grouped(needed)) {
    const [first] = calls;
    if (!first) continue;
    const earliest = earliestTimes(
      calls.map(({ dueMs }) => dueMs),
      limitOf(first.window),
    );
    const ends = calls.map(({ window }) => window.endMs);
    minMs += sumMs(earliest) - sumMs(ends) + sumMs(calls.map(({ makingMs }) => makingMs));
  }
  return {
    needed: needed.length,
    missing: needed.filter(({ loadedMs }) => loadedMs === undefined).length,
    meanHours: sumMs(actual) / needed.length / hourMs,
    minMeanHours: minMs / needed.length / hourMs,
    maxHours: actual.reduce((most, each) => Math.max(most, each), 0) / hourMs,
  };
}

interface NeededReport {
  window: SimulatedWindow;
  dueMs: number;
  loadedMs?: number;
  makingMs: number;
}

/** The reports of a window that were due a day before the end of the month. */
function neededOf(window: SimulatedWindow, { startMs, endMs }: Month): NeededReport[] {
  const due = [...new Set([window.endMs, window.settledMs].map((atMs) => Math.max(atMs, startMs)))];
  return due
    .filter((dueMs) => dueMs < endMs - dayMs)
    .map((dueMs) => {
      const made = window.calls.find(({ atMs }) => atMs >= dueMs);
      return { window, dueMs, loadedMs: made?.loadedMs, makingMs: made?.makingMs ?? 0 };
    });
}

/** The earliest times of calls that become due at these times, whatever their order. */
export function earliestTimes(dueMs: number[], { burst, intervalMs }: Limit): number[] {
  let tokens = burst;
  let atMs = Number.NEGATIVE_INFINITY;
  return dueMs
    .toSorted((a, b) => a - b)
    .map((due) => {
      const refilled = (untilMs: number) => Math.min(burst, tokens + (untilMs - atMs) / intervalMs);
      const startMs = Math.max(due, atMs);
      const held = atMs === Number.NEGATIVE_INFINITY ? burst : refilled(startMs);
      const goesMs = held >= 1 ? startMs : startMs + (1 - held) * intervalMs;
      tokens = Math.max(0, held >= 1 ? held - 1 : 0);
      atMs = goesMs;
      return goesMs;
    });
}

/** Whether the reports of its type have a limit that is narrower than that of the seller. */
export function hasOwnLimit({ plan: { facts } }: SimulatedWindow): boolean {
  return isOfApplication(facts) || facts.reportsPerDay !== undefined;
}

/** What limits a window: the calls of an application or account for its type, or the seller's. */
function resourceOf(window: SimulatedWindow): string {
  const { sellerId, reportType, facts } = window.plan;
  if (isOfApplication(facts)) return reportType;
  return hasOwnLimit(window) ? `${reportType} ${sellerId}` : sellerId;
}

function isOfApplication({ minInterval, reportsPerDay }: SimulatedWindow['plan']['facts']): boolean {
  return (minInterval ?? reportsPerDay)?.per === 'application';
}

function limitOf({ plan: { facts } }: SimulatedWindow): Limit {
  const { minInterval, reportsPerDay } = facts;
  const { count = Number.POSITIVE_INFINITY } = reportsPerDay ?? {};
  if (minInterval && isOfApplication(facts))
    return { burst: 1, intervalMs: Math.max(minInterval.minutes * minuteMs, dayMs / count) };
  if (reportsPerDay) return { burst: count, intervalMs: dayMs / count };
  const { burst, callsPerSecond } = amazonsPlans.createReport ?? { burst: 1, callsPerSecond: 1 };
  return { burst, intervalMs: 1000 / callsPerSecond };
}

function grouped(needed: NeededReport[]): NeededReport[][] {
  const groups = new Map<string, NeededReport[]>();
  for (const each of needed) {
    const key = resourceOf(each.window);
    const group = groups.get(key) ?? [];
    group.push(each);
    groups.set(key, group);
  }
  return [...groups.values()];
}
