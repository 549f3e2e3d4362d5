import { InvalidArgumentError } from 'commander';
import { marketplaceId } from '../../schema/marketplaces.js';

/** Reads an option that is a whole number above zero. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a positive whole number.');
  return value;
}

const ageUnitsMs: Record<string, number> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads an option that is an age in hours, days or weeks, such as `30d`. Returns milliseconds. */
export function ageOption(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,6})([hdw])$/.exec(text) ?? [];
  const unitMs = ageUnitsMs[unit];
  if (unitMs === undefined) throw new InvalidArgumentError('It must be an age, such as 30d, 72h or 5w.');
  return Number(digits) * unitMs;
}

/** Collects an option that may be given several times, or as a comma-separated list. */
export function listOption(text: string, before: string[] = []): string[] {
  return [
    ...before,
    ...text
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean),
  ];
}

/** Reads an option that is a list of marketplaces, by id or country code. Returns their ids. */
export function marketplaceOption(text: string, before: string[] = []): string[] {
  const ids = listOption(text).map((each) => {
    const id = marketplaceId(each);
    if (id) return id;
    throw new InvalidArgumentError(`${each} is not a marketplace id or country code.`);
  });
  return [...before, ...ids];
}

/**
 * Reads an option that is the end of a window. A date includes its whole day. Returns ISO 8601 in
 * UTC.
 */
export function endOption(text: string): string {
  const time = timeOption(text);
  const dayMs = 86_400_000;
  return text.includes('T') ? time : new Date(Date.parse(time) + dayMs).toISOString();
}

const isoTime =
  /^(?<date>\d{4}-\d{2}-\d{2})(?<time>T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?<zone>Z|[+-]\d{2}:\d{2})?)?$/;

/** Reads an option that is a date or a time, in UTC if it has no zone. Returns ISO 8601 in UTC. */
export function timeOption(text: string): string {
  const { date, time, zone } = isoTime.exec(text)?.groups ?? {};
  const found = new Date(time && !zone ? `${text}Z` : text);
  if (date === undefined || Number.isNaN(found.getTime()) || !isDay(date))
    throw new InvalidArgumentError(
      'It must be a date or a time, such as 2026-10-01 or 2026-10-01T08:30:00Z.',
    );
  return found.toISOString();
}

/** `Date` takes 2026-02-30 for 2 March. */
function isDay(date: string): boolean {
  const day = new Date(date);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
}
