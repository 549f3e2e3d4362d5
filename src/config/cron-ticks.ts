import { createTask, type ParsedFields, validateDetailed } from 'node-cron';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** The offsets of all time zones are multiples of a quarter of an hour. */
const quarterMs = 15 * minuteMs;
/** An expression that was not due for this long is one for 29 February. */
const maxMs = 400 * dayMs;

/**
 * Returns the last time, in epoch milliseconds, that a cron expression was due at or before
 * `nowMs`; undefined if that is more than a year ago.
 */
export function lastTickMs(expression: string, timezone: string, nowMs: number): number | undefined {
  const { fields } = validateDetailed(expression);
  if (!fields) return undefined;
  const seconds = fields.second.toSorted((a, b) => b - a);
  const minutesOfQuarter = new Set(fields.minute.map((minute) => minute % 15));
  const task = createTask(expression, () => {}, { timezone });
  try {
    let minute = Math.floor(nowMs / minuteMs) * minuteMs;
    for (; nowMs - minute < maxMs; minute -= minuteMs) {
      if (!isDayFor(fields, minute)) {
        minute = Math.floor(minute / dayMs) * dayMs;
        continue;
      }
      if (!minutesOfQuarter.has((minute % quarterMs) / minuteMs)) continue;
      for (const second of seconds) {
        const atMs = minute + second * 1000;
        if (atMs <= nowMs && task.match(new Date(atMs))) return atMs;
      }
    }
    return undefined;
  } finally {
    void task.destroy();
  }
}

/**
 * Returns the earliest next time of several cron expressions in ISO 8601, or undefined if there is
 * none.
 */
export function nextTick(expressions: string[], timezone: string): string | undefined {
  const times = expressions.flatMap((expression) => {
    const task = createTask(expression, () => {}, { timezone });
    const next = task.getNextRuns(1).map((time) => time.toISOString());
    void task.destroy();
    return next;
  });
  return times.sort()[0];
}

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
