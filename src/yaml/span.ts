import { z } from 'zod';
import { pluralize } from '../text/pluralize.js';

/** A span of time as people write it. */
export interface Span<Unit extends string = SpanUnit> {
  count: number;
  unit: Unit;
}

export const spanUnits = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;

export type SpanUnit = (typeof spanUnits)[number];

/** Units whose length varies, or that do not start at a multiple of days. */
export const calendarUnits: readonly SpanUnit[] = ['week', 'month', 'quarter', 'year'];

/** A spec for a span of time in those units. */
export const span = <Unit extends string>(units: readonly Unit[], example: string) =>
  z
    .string()
    .regex(
      new RegExp(`^\\s*\\d{1,3}\\s+(${units.join('|')})s?\\s*$`, 'i'),
      `expected a span of time such as \`${example}\`, in ${units.map((each) => `${each}s`).join(', ')}`,
    )
    .transform((text): Span<Unit> => {
      const [count = '', unit = ''] = text.trim().toLowerCase().split(/\s+/);
      return { count: Number(count), unit: unit.replace(/s$/, '') as Unit };
    });

/** Returns the span as people write it, such as `2 years`. */
export function spanText({ count, unit }: Span): string {
  return pluralize(count, unit);
}

/** Returns the milliseconds of a span of minutes, hours, days or weeks. */
export function spanMs({ count, unit }: Span<SpanUnit | 'minute'>): number {
  const hours: Partial<Record<typeof unit, number>> = { minute: 1 / 60, hour: 1, day: 24, week: 7 * 24 };
  return count * (hours[unit] ?? Number.NaN) * 3_600_000;
}

/** Returns the milliseconds of a span; those of months, quarters and years at their longest. */
export function maxSpanMs({ count, unit }: Span): number {
  const hours = { hour: 1, day: 24, week: 7 * 24, month: 31 * 24, quarter: 92 * 24, year: 366 * 24 };
  return count * hours[unit] * 3_600_000;
}

/**
 * Returns the time that is a span before another, in epoch milliseconds. Months, quarters and years
 * are those of the calendar in UTC; if the month is shorter, its last day counts.
 */
export function beforeMs(atMs: number, { count, unit }: Span): number {
  const months = { month: 1, quarter: 3, year: 12 }[unit as string];
  if (months === undefined) return atMs - spanMs({ count, unit });
  const at = new Date(atMs);
  const firstMs = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - count * months);
  const first = new Date(firstMs);
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  const dayMs = 86_400_000;
  return firstMs + (Math.min(at.getUTCDate(), lastDay) - 1) * dayMs + (atMs % dayMs);
}
