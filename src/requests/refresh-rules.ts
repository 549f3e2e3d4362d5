import { appendsRows } from '../schema/appends-rows.js';
import type { ReportSchemas } from '../schema/types.js';
import { beforeMs, maxSpanMs, type Span } from '../yaml/span.js';
import type { RequestPlan } from './request-plans.js';
import { hasData, maxClockSkewMs, type WindowEvent, type WindowRecord } from './window-states.js';

const hourMs = 3_600_000;

/** When windows of a request are requested again. Ages count from the end of a window. */
export interface RefreshRules {
  /** Ages at which a window is requested again, in milliseconds. */
  agesMs: number[];
  /** Age at which the data of a window are complete, in milliseconds. */
  settledMs: number;
  /** Ages at which a window whose report had no data is requested again, in milliseconds. */
  emptyAgesMs: number[];
  /** The maximum age of the start of a window that Amazon accepts. */
  oldestStart?: Span;
  /** Whether the rows of an older report stay beside those of a newer one. */
  keepsOldRows: boolean;
}

/** If nobody says when a type settles. */
const usualSettledMs = 24 * hourMs;

/**
 * Data that are late come within hours; if nobody says when the type settles, a week later its data
 * are there or will not come.
 */
const lateMs = { usual: 24 * hourMs, atMost: 7 * 24 * hourMs };

/**
 * Returns the rules of a request: by its `refresh`, or else by what is known about the type. The
 * rows of a second report would double those of a type that appends.
 */
export function refreshRules(
  { refresh, facts, reportType }: RequestPlan,
  schemas: ReportSchemas,
): RefreshRules {
  const { settlesAfter, restatedFor, oldestStart } = facts;
  const usual = [settlesAfter, restatedFor].filter((span) => span !== undefined);
  const keepsOldRows = appendsRows(schemas, reportType);
  const statedMs = settlesAfter && maxSpanMs(settlesAfter);
  return {
    agesMs: keepsOldRows ? [] : (refresh ?? usual).map(maxSpanMs),
    settledMs: statedMs ?? usualSettledMs,
    emptyAgesMs: [Math.min(lateMs.usual, statedMs ?? lateMs.usual), statedMs ?? lateMs.atMost],
    oldestStart,
    keepsOldRows,
  };
}

/**
 * Returns what the ages of a window mean for it now; undefined if it has no data. A snapshot has no
 * ages. If a window has reached several ages since its newest report, one report has the data of
 * all of them. `dueAtMs`: until when ages count. `nowMs`: whether Amazon still accepts a request.
 */
export function refreshEvent(
  record: WindowRecord,
  { agesMs, emptyAgesMs, oldestStart }: RefreshRules,
  { nowMs, dueAtMs }: { nowMs: number; dueAtMs: number },
): WindowEvent | undefined {
  if (!hasData(record)) return undefined;
  const [startMs, endMs] = [Date.parse(record.start), Date.parse(record.end)];
  if (startMs === endMs) return { type: 'refresh-over' };
  const made = [record.answeredAt, record.skippedAt].filter((at) => at !== undefined);
  const madeMs = Math.max(...made.map((at) => Date.parse(at)));
  const isPossible = (atMs: number) =>
    !oldestStart || startMs >= beforeMs(Math.max(atMs, nowMs), oldestStart);
  const times = (record.isEmpty ? [...agesMs, ...emptyAgesMs] : agesMs)
    .map((ageMs) => endMs + ageMs)
    .filter((atMs) => atMs > madeMs + maxClockSkewMs && isPossible(atMs));
  if (times.length === 0) return { type: 'refresh-over' };
  const reached = times.filter((atMs) => atMs <= dueAtMs);
  if (reached.length === 0) return { type: 'refresh-later' };
  return { type: 'refresh-due', since: new Date(Math.max(...reached)).toISOString() };
}
