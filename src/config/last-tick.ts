import { createTask, validateDetailed } from 'node-cron';

const minuteMs = 60_000;
/** The clocks of all time zones differ by quarters of an hour. */
const quarterMs = 15 * minuteMs;
/** A cron expression that never came in so long is one for a 29 February. */
const longestMs = 400 * 86_400_000;

/** The last time, in epoch milliseconds, that a cron expression was due at or before `nowMs`; undefined where that is over a year ago. */
export function lastTickMs(expression: string, timezone: string, nowMs: number): number | undefined {
  const { fields } = validateDetailed(expression);
  if (!fields) return undefined;
  const seconds = fields.second.toSorted((a, b) => b - a);
  const minutesOfQuarter = new Set(fields.minute.map((minute) => minute % 15));
  const task = createTask(expression, () => {}, { timezone });
  try {
    let minute = Math.floor(nowMs / minuteMs) * minuteMs;
    for (; nowMs - minute < longestMs; minute -= minuteMs) {
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
