import { validateDetailed } from 'node-cron';

/** The scheduler writes out every range, whatever its length: a long number would take all memory. */
const longNumber = /\d{3,}/;

/** Whether a text is a cron expression that the scheduler takes. */
export function isCron(text: string): boolean {
  return !longNumber.test(text) && validateDetailed(text).valid;
}

/** What is wrong with a text that is no cron expression, field by field. */
export function cronMistake(text: string): string {
  const [number] = longNumber.exec(text) ?? [];
  const wrong = number ? [`${number} is more than any of them can be`] : wrongFields(text);
  return `expected a cron expression such as "*/15 * * * *" (minute, hour, day, month, weekday), found ${JSON.stringify(text)}: ${wrong.join(', ')}`;
}

function wrongFields(text: string): string[] {
  return validateDetailed(text).errors.map(({ field, value, message }) => {
    const known = fields[field];
    // A day that its month doesn't have is within the range.
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
