import { validateDetailed } from 'node-cron';

/** The scheduler expands every range: a very large number would exhaust the memory. */
const longNumber = /\d{3,}/;

/** Whether the scheduler accepts a text as a cron expression. */
export function isCron(text: string): boolean {
  return !longNumber.test(text) && validateDetailed(text).valid;
}

/**
 * Returns the shortest time between two times of a cron expression, in minutes; 0 if it is less
 * than one.
 */
export function shortestGapMinutes(expression: string): number {
  const { fields } = validateDetailed(expression);
  if (!fields) return Number.POSITIVE_INFINITY;
  if (fields.second.length > 1) return 0;
  const times = fields.hour.flatMap((hour) => fields.minute.map((minute) => hour * 60 + minute));
  times.sort((a, b) => a - b);
  // The first time of the next day.
  times.push((times[0] ?? 0) + 24 * 60);
  return Math.min(...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
}

/** Describes the mistakes in a text that is no cron expression, field by field. */
export function cronMistake(text: string): string {
  const [number] = longNumber.exec(text) ?? [];
  const wrong = number ? [`${number} is too large for every field`] : wrongFields(text);
  return `expected a cron expression such as "*/15 * * * *" (minute, hour, day, month, weekday), found ${JSON.stringify(text)}: ${wrong.join(', ')}`;
}

function wrongFields(text: string): string[] {
  return validateDetailed(text).errors.map(({ field, value, message }) => {
    const known = fields[field];
    // A day that its month doesn't have is within the range of days.
    if (!known || message.includes('impossible')) return message;
    return `${known.name} "${value}" is not in ${known.range}`;
  });
}

const fields: Record<string, { name: string; range: string }> = {
  second: { name: 'second', range: '0-59' },
  minute: { name: 'minute', range: '0-59' },
  hour: { name: 'hour', range: '0-23' },
  dayOfMonth: { name: 'day', range: '1-31' },
  month: { name: 'month', range: '1-12 or JAN-DEC' },
  dayOfWeek: { name: 'weekday', range: '0-7 or SUN-SAT' },
};
