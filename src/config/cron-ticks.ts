import { createTask, type ParsedFields, validateDetailed } from 'node-cron';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** The offsets of all time zones are multiples of a quarter of an hour. */
const quarterMs = 15 * minuteMs;
/** An expression that was not due for this long is one for 29 February. */
const maxMs = 400 * dayMs;
/** Within four years, there is a 29 February. */
const maxAheadMs = 4 * 366 * dayMs;

/**
 * Returns the last time, in epoch milliseconds, that a cron expression was due at or before `nowMs`
 * and after `sinceMs`, by default a year ago; undefined if there is none. When clocks are set back,
 * a time of certain hours is due once, at its first occurrence; when they are set forward, a time
 * that is skipped is due an hour later by the new time. An expression of all hours is due each
 * hour that passes.
 */
export function lastTickMs(
  expression: string,
  timezone: string,
  nowMs: number,
  sinceMs = nowMs - maxMs,
): number | undefined {
  const matcher = matcherOf(expression, timezone);
  if (!matcher) return undefined;
  // Each run looks for the same tick again, and most ticks are hours ago.
  const last = matcher.last && matcher.last.nowMs <= nowMs ? matcher.last : undefined;
  const atMs = findLastMs(matcher, nowMs, Math.max(sinceMs, last?.nowMs ?? sinceMs)) ?? last?.atMs;
  if (atMs === undefined || atMs <= sinceMs) return undefined;
  matcher.last = { nowMs, atMs };
  return atMs;
}

function findLastMs(
  { fields, seconds, minutesOfQuarter, isTick }: Matcher,
  nowMs: number,
  sinceMs: number,
): number | undefined {
  let minute = Math.floor(nowMs / minuteMs) * minuteMs;
  for (; minute + minuteMs > sinceMs; minute -= minuteMs) {
    if (!minutesOfQuarter.has((minute % quarterMs) / minuteMs)) continue;
    if (!isDayFor(fields, minute)) {
      minute = Math.floor(minute / dayMs) * dayMs;
      continue;
    }
    for (const second of seconds) {
      const atMs = minute + second * 1000;
      if (atMs <= sinceMs) return undefined;
      if (atMs <= nowMs && isTick(atMs)) return atMs;
    }
  }
  return undefined;
}

/** A cron expression in a time zone, read once. */
interface Matcher {
  fields: ParsedFields;
  /** The latest first. */
  seconds: number[];
  minutesOfQuarter: Set<number>;
  isTick(atMs: number): boolean;
  /** The last tick at or before `nowMs`, if it was looked for. */
  last?: { nowMs: number; atMs: number };
  /** The tick that follows `sinceMs`, if it was looked for. */
  next?: { sinceMs: number; atMs: number };
}

/** Those of the settings are few. */
const matchers = new Map<string, Matcher | undefined>();

function matcherOf(expression: string, timezone: string): Matcher | undefined {
  const name = `${timezone} ${expression}`;
  if (!matchers.has(name)) matchers.set(name, readMatcher(expression, timezone));
  return matchers.get(name);
}

function readMatcher(expression: string, timezone: string): Matcher | undefined {
  const { fields } = validateDetailed(expression);
  if (!fields) return undefined;
  const [local, utc] = [timezone, 'UTC'].map((zone) => {
    const task = createTask(expression, () => {}, { timezone: zone });
    // Out of the list of node-cron; it still matches.
    void task.destroy();
    return (atMs: number) => task.match(new Date(atMs));
  }) as [Matcher['isTick'], Matcher['isTick']];
  const isEveryHour = fields.hour.length === 24;
  return {
    fields,
    seconds: fields.second.toSorted((a, b) => b - a),
    minutesOfQuarter: new Set(fields.minute.map((minute) => minute % 15)),
    isTick(atMs) {
      if (isEveryHour) return local(atMs);
      if (local(atMs)) return !isRepeated(timezone, atMs);
      const skippedMs = skippedTimeMs(timezone, atMs);
      return skippedMs !== undefined && utc(skippedMs);
    },
  };
}

/** By how much clocks are set forward and back. */
const shiftsMs = [hourMs, hourMs / 2];

/** Whether clocks showed the same time before, because they were set back since. */
function isRepeated(timezone: string, atMs: number): boolean {
  return shiftsMs.some((shift) => localMs(timezone, atMs) === localMs(timezone, atMs - shift));
}

/**
 * The local time, as if it were UTC, that clocks would show if they had not just been set forward;
 * undefined if they show or showed it anyway.
 */
function skippedTimeMs(timezone: string, atMs: number): number | undefined {
  const local = localMs(timezone, atMs);
  for (const shift of shiftsMs) {
    if (local - localMs(timezone, atMs - shift) === 2 * shift) return local - shift;
  }
  return undefined;
}

const localClocks = new Map<string, Intl.DateTimeFormat>();

/** The local time in milliseconds, as if it were UTC. */
function localMs(timeZone: string, atMs: number): number {
  const clock =
    localClocks.get(timeZone) ??
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  localClocks.set(timeZone, clock);
  return Date.parse(`${clock.format(atMs).replace(' ', 'T')}Z`);
}

/**
 * Returns the earliest time after `nowMs` at which one of several cron expressions is due, in ISO
 * 8601; undefined if none is due within four years. Clock changes count as in `lastTickMs`.
 */
export function nextTick(expressions: string[], timezone: string, nowMs: number): string | undefined {
  const times = expressions.flatMap((expression) => nextTickMs(expression, timezone, nowMs) ?? []);
  return times.length === 0 ? undefined : new Date(Math.min(...times)).toISOString();
}

function nextTickMs(expression: string, timezone: string, nowMs: number): number | undefined {
  const matcher = matcherOf(expression, timezone);
  if (!matcher) return undefined;
  // The page asks for the same times every few seconds.
  const { next } = matcher;
  if (next && next.sinceMs <= nowMs && nowMs < next.atMs) return next.atMs;
  const atMs = findNextMs(matcher, nowMs);
  matcher.next = atMs === undefined ? undefined : { sinceMs: nowMs, atMs };
  return atMs;
}

function findNextMs(
  { fields, seconds, minutesOfQuarter, isTick }: Matcher,
  nowMs: number,
): number | undefined {
  let minute = Math.floor(nowMs / minuteMs) * minuteMs;
  while (minute <= nowMs + maxAheadMs) {
    if (!isDayFor(fields, minute)) {
      minute = (Math.floor(minute / dayMs) + 1) * dayMs;
      continue;
    }
    if (minutesOfQuarter.has((minute % quarterMs) / minuteMs)) {
      for (const second of seconds.toReversed()) {
        const atMs = minute + second * 1000;
        if (atMs > nowMs && isTick(atMs)) return atMs;
      }
    }
    minute += minuteMs;
  }
  return undefined;
}

/** Returns how often a cron expression is due each day, on average over its next times. */
export function ticksPerDay(expression: string, timezone: string): number {
  const task = createTask(expression, () => {}, { timezone });
  const times = task.getNextRuns(ticksToCount).map((time) => time.getTime());
  void task.destroy();
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined || last === first) return 0;
  return ((times.length - 1) * dayMs) / (last - first);
}

/** Enough for an expression that differs between the days of a week. */
const ticksToCount = 29;

/**
 * Whether a cron expression may be due on the day of a time or on an adjacent day, whichever it is
 * in the time zone.
 */
function isDayFor({ month, dayOfMonth }: ParsedFields, ms: number): boolean {
  const hasWords = dayOfMonth.some((day) => typeof day === 'string');
  return [-dayMs, 0, dayMs].some((shift) => {
    const day = new Date(ms + shift);
    const isDate = hasWords || dayOfMonth.includes(day.getUTCDate());
    return month.includes(day.getUTCMonth() + 1) && isDate;
  });
}
