import { z } from 'zod';

/** A span of time as people write it. */
export interface Span {
  count: number;
  unit: SpanUnit;
}

export const spanUnits = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;

export type SpanUnit = (typeof spanUnits)[number];

/** Units whose length varies, or that do not start at a multiple of days. */
export const calendarUnits: readonly SpanUnit[] = ['week', 'month', 'quarter', 'year'];

/** A spec for a span of time in those units. */
export const span = (units: readonly SpanUnit[], example: string) =>
  z
    .string()
    .regex(
      new RegExp(`^\\s*\\d{1,3}\\s+(${units.join('|')})s?\\s*$`, 'i'),
      `expected a span of time such as \`${example}\`, in ${units.map((each) => `${each}s`).join(', ')}`,
    )
    .transform((text): Span => {
      const [count = '', unit = ''] = text.trim().toLowerCase().split(/\s+/);
      return { count: Number(count), unit: unit.replace(/s$/, '') as SpanUnit };
    });

/** Returns the milliseconds of a span of hours, days or weeks. */
export function spanMs({ count, unit }: Span): number {
  const hours: Partial<Record<SpanUnit, number>> = { hour: 1, day: 24, week: 7 * 24 };
  return count * (hours[unit] ?? Number.NaN) * 3_600_000;
}
