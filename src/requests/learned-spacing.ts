import { z } from 'zod';

export const spacingShape = z.object({
  /** The minimum interval at `at`; 0 if none was learned. */
  minutes: z.number().min(0),
  /** ISO 8601: when `minutes` was learned. */
  at: z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'expected a time'),
  /** Reports that ended too soon after one with data, since one that did not. */
  strikes: z.int().min(0),
  /** Ids of the last reports that were taken into account. */
  ended: z.array(z.string()),
});

/** A minimum interval between the reports of one type and seller that Amazon's answers suggest. */
export type LearnedSpacing = z.output<typeof spacingShape>;

/** How a report ended, in the order of the calls for its seller and type. */
export interface ReportEnd {
  reportId: string;
  /** Whether it has data; false if it is CANCELLED or FATAL. */
  hasData: boolean;
  /** Minutes since the call before; Infinity if there is none. */
  minutesSince: number;
  /** Whether the report of the call before has data. */
  isAfterData: boolean;
}

/**
 * The longest interval that is learned. A report that comes later than this after the one before
 * says nothing about an interval.
 */
const maxMinutes = 60;

/** The shortest interval that is learned: Amazon's usage plan allows about one call a minute. */
const minMinutes = 1;

/** An interval is halved in this time, so that a wrong one does not last. */
const halfLifeMs = 7 * 86_400_000;

/** One report without data may just have none. */
const minStrikes = 2;

const maxEnded = 200;

/**
 * Learns from one report. Amazon cancels reports that are requested too soon after another one of
 * the type, and does not say so. The sign of it: after a pause a report has data, and the next one,
 * soon after it, is CANCELLED or FATAL; and no report that comes as soon has data. If that happens
 * twice, the interval becomes twice the time that was too short, and is doubled again whenever it
 * proves too short. A report with data shows that its own interval is enough.
 */
export function learnFrom(
  held: LearnedSpacing | undefined,
  { reportId, hasData, minutesSince, isAfterData }: ReportEnd,
  nowMs: number,
): LearnedSpacing | undefined {
  const { ended = [], strikes = 0 } = held ?? {};
  if (ended.includes(reportId)) return held;
  const minutes = learnedMinutes(held, nowMs) ?? 0;
  const known = { at: new Date(nowMs).toISOString(), ended: [...ended, reportId].slice(-maxEnded) };
  if (minutesSince >= maxMinutes) return { ...known, minutes, strikes };
  if (hasData) return { ...known, minutes: Math.min(minutes, minutesSince), strikes: 0 };
  if (!isAfterData) return { ...known, minutes, strikes };
  const isLearned = minutes > 0 || strikes + 1 >= minStrikes;
  if (!isLearned) return { ...known, minutes, strikes: strikes + 1 };
  const longer = Math.max(2 * minutesSince, 2 * minutes, minMinutes);
  return { ...known, minutes: Math.min(maxMinutes, longer), strikes: 0 };
}

/** The interval as of now, in minutes; undefined if none was learned, or long ago. */
export function learnedMinutes(held: LearnedSpacing | undefined, nowMs: number): number | undefined {
  if (!held) return undefined;
  const minutes = held.minutes * 0.5 ** (Math.max(0, nowMs - Date.parse(held.at)) / halfLifeMs);
  return minutes >= minMinutes ? minutes : undefined;
}
