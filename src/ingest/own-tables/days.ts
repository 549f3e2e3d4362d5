const dayMs = 86_400_000;

/** Whether a text is a day of the calendar, as YYYY-MM-DD. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && dayAfter(text, 0) === text;
}

/** The day so many days later; undefined if the text is none. */
export function dayAfter(day: string, days: number): string | undefined {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : new Date(ms + days * dayMs).toISOString().slice(0, 10);
}
