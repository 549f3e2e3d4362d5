import { type ZoneOffsets, zoneMinutes } from './zones.js';

/**
 * Dates and times as report documents write them. Whether 03/04/2026 is in March or April, and
 * whether 26/11/05 is in 2026 or 2005, is decided for the document (`decide-rules.ts`). `ymd` is an
 * order of dates with a year of two digits; a year of four digits in front needs no decision.
 */
export type DateOrder = 'mdy' | 'dmy' | 'ymd';

export const dateOrders: readonly DateOrder[] = ['mdy', 'dmy', 'ymd'];

export interface DateOptions {
  /** Excludes the loose shapes and two-digit years. */
  strict?: boolean;
  /** The last year that two digits can mean; 2099 by default. */
  latestYear?: number;
  /** Zones whose names mean something else in the document's marketplace. */
  zones?: ZoneOffsets;
}

export interface WrittenTime {
  /** Days since 1970-01-01 of the date as written, whatever the zone. */
  days: number;
  /** Microseconds since 1970-01-01 00:00 UTC. A time without a zone is taken as UTC. */
  micros: bigint;
  hasTime: boolean;
}

interface DateParts {
  year: number;
  month: number;
  day: number;
  /** The text behind the date. */
  rest: string;
}

/**
 * Beginnings of month names in English, German, French, Spanish, Italian, Dutch, Portuguese,
 * Polish, Swedish and Turkish.
 */
const months: [RegExp, number][] = [
  [/^(jan|gen|ene|sty|oca)/, 1],
  [/^(feb|fév|fev|lut|şub)/, 2],
  [/^(mar|mär|mrz|maa|mrt)/, 3],
  [/^(apr|avr|abr|kwi|nis)/, 4],
  [/^(may|mai|maj|mag|mei)/, 5],
  [/^(jun|juin|giu|cze|haz)/, 6],
  [/^(jul|juil|lug|lip|tem)/, 7],
  [/^(aug|aoû|aou|ago|sie|ağu)/, 8],
  [/^(sep|set|wrz|eyl)/, 9],
  [/^(oct|okt|ott|out|paź|eki)/, 10],
  [/^(nov|lis|kas)/, 11],
  [/^(dec|dez|déc|dic|gru|ara)/, 12],
];

/**
 * Dates whose parts may come in several orders: 08/07/2016, 15-06-2025, 26/11/5. With dots, the
 * month never comes first: 14.03.2023, 26.11.05.
 */
const ordered = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{1,2})(?!\d)/;

/**
 * The shapes of all other dates, with an example each; the first match wins. Groups: y, m or the
 * name n, d.
 */
const shapes: { example: string; pattern: RegExp }[] = [
  {
    example: '2026-06-16, 2026/06/16',
    pattern: /^(?<y>\d{4})([-/.])(?<m>\d{1,2})\2(?<d>\d{1,2})(?!\d)/,
  },
  {
    example: '28-Aug-2026, 28. August 2026',
    pattern: /^(?<d>\d{1,2})\.?[-\s]?(?:de\s)?(?<n>\p{L}{3,12})\.?,?[-\s](?:de\s)?(?<y>\d{4}|\d{2})(?!\d)/u,
  },
  {
    example: 'Jan 5, 2026',
    pattern: /^(?<n>\p{L}{3,12})\.?\s(?<d>\d{1,2}),?\s(?<y>\d{4})(?!\d)/u,
  },
  { example: '2026年1月5日', pattern: /^(?<y>\d{4})年(?<m>\d{1,2})月(?<d>\d{1,2})日/ },
];

/**
 * Shapes of a month, and a date without separators. They look too much like other things to be
 * taken for dates unless the schema says so.
 */
const looseShapes: { example: string; pattern: RegExp }[] = [
  { example: '06/2026, 06-2026', pattern: /^(?<m>\d{1,2})[-/.](?<y>\d{4})(?!\d)/ },
  { example: '2026-06', pattern: /^(?<y>\d{4})[-/](?<m>\d{1,2})(?!\d)/ },
  { example: 'Aug-2026', pattern: /^(?<n>\p{L}{3,12})\.?[-\s](?<y>\d{4})(?!\d)/u },
  { example: '20260616', pattern: /^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})(?!\d)/ },
];

/** A name, an offset, or an offset behind the name of Greenwich as English and Arabic write it. */
const zone = '(\\p{L}{1,5}|[+\u2212-]\\d{2}:?\\d{2}|(?:UTC|GMT|غرينتش)[+\u2212-]\\d{1,2}(?::?\\d{2})?)';

const timePattern = new RegExp(
  `^(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?\\s*([AaPp]\\.?\\s?[Mm]\\.?)?(?:\\s*(?:${zone}|([+\u2212-]\\d{1,2})))?$`,
  'u',
);

const zonePattern = new RegExp(`^${zone}$`, 'u');

/**
 * Reads a date or a time. Undefined if it is none, or does not exist in the calendar.
 */
export function readTime(text: string, order: DateOrder, options: DateOptions = {}): WrittenTime | undefined {
  const date = readDate(text.trim(), order, options);
  return date && withClock(date, options);
}

/**
 * The days that a date has in each order in which it can be read, as in WrittenTime. Undefined if
 * its order is not in question.
 */
export function readingsOf(
  text: string,
  options: DateOptions = {},
): Partial<Record<DateOrder, number>> | undefined {
  const trimmed = text.trim();
  if (!ordered.test(trimmed)) return undefined;
  const readings: Partial<Record<DateOrder, number>> = {};
  for (const order of dateOrders) {
    const days = readTime(trimmed, order, options)?.days;
    if (days !== undefined) readings[order] = days;
  }
  return Object.keys(readings).length > 0 ? readings : undefined;
}

/** The name of the time zone at the end of a text, in capitals. */
export function zoneNameOf(text: string): string | undefined {
  const isDigit = /\d$/.test(text);
  return isDigit ? undefined : /[\d\s]([A-Za-z]{2,5})\s*$/.exec(text)?.[1]?.toUpperCase();
}

function withClock({ year, month, day, rest }: DateParts, options: DateOptions): WrittenTime | undefined {
  const days = daysOf(year, month, day);
  if (days === undefined) return undefined;
  const clock = rest.replace(/^(?:T(?=\d)|,?\s+(?:um|à|at)\s+|,?\s+|,)/, '').trim();
  const time = readClock(clock, options.zones);
  return time && { days, micros: BigInt(days) * 86_400_000_000n + time.micros, hasTime: time.hasTime };
}

function readDate(text: string, order: DateOrder, options: DateOptions): DateParts | undefined {
  const inOrder = ordered.exec(text);
  if (inOrder) return orderedDate(inOrder, text, order, options);
  const { strict } = options;
  for (const { pattern } of [...shapes, ...(strict ? [] : looseShapes)]) {
    const match = pattern.exec(text);
    if (!match?.groups) continue;
    const { y = '', m, d, n } = match.groups;
    if (strict && y.length !== 4) return undefined;
    const monthByName =
      n === undefined ? undefined : months.find(([name]) => name.test(n.toLowerCase()))?.[1];
    if (n !== undefined && monthByName === undefined) continue;
    return {
      year: yearOf(y, options),
      month: monthByName ?? Number(m),
      day: Number(d ?? 1),
      rest: text.slice(match[0].length),
    };
  }
  return undefined;
}

function orderedDate(
  [written, first = '', separator, second = '', third = '']: RegExpExecArray,
  text: string,
  order: DateOrder,
  options: DateOptions,
): DateParts | undefined {
  const isLong = third.length === 4;
  if (options.strict && !isLong) return undefined;
  const isDotted = separator === '.';
  const own = isDotted && (isLong || order === 'mdy') ? 'dmy' : order;
  const [year, month, day] =
    own === 'ymd' ? [first, second, third] : own === 'mdy' ? [third, first, second] : [third, second, first];
  // A year never has one digit, and one of four digits is not behind a year of two.
  if (year.length === 1 || day.length > 2) return undefined;
  return {
    year: yearOf(year, options),
    month: Number(month),
    day: Number(day),
    rest: text.slice(written.length),
  };
}

function yearOf(digits: string, { latestYear = 2099 }: DateOptions): number {
  const year = Number(digits);
  return digits.length === 2 ? latestYear - ((((latestYear - year) % 100) + 100) % 100) : year;
}

/** Clock time and zone, as microseconds to add to midnight UTC of the written date. */
function readClock(
  text: string,
  zones: ZoneOffsets | undefined,
): { micros: bigint; hasTime: boolean } | undefined {
  if (text === '') return { micros: 0n, hasTime: false };
  const bareZone = zonePattern.exec(text);
  if (bareZone) {
    const minutes = offsetMinutes(bareZone[1], zones);
    return minutes === undefined ? undefined : { micros: BigInt(-minutes) * 60_000_000n, hasTime: false };
  }
  const match = timePattern.exec(text);
  if (!match) return undefined;
  const [, hourText, minuteText, secondText = '0', fraction = '', half, zoneText, hours] = match;
  let hour = Number(hourText);
  if (half) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (half[0]?.toLowerCase() === 'p' ? 12 : 0);
  }
  const minute = Number(minuteText);
  const second = Number(secondText);
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const minutes = offsetMinutes(zoneText ?? hours, zones);
  if (minutes === undefined) return undefined;
  const seconds = BigInt((hour * 60 + minute - minutes) * 60 + second);
  return { micros: seconds * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0')), hasTime: true };
}

function offsetMinutes(text: string | undefined, zones: ZoneOffsets = {}): number | undefined {
  if (text === undefined) return 0;
  const name = text.toUpperCase();
  const named = zones[name] ?? zoneMinutes[name];
  if (named !== undefined) return named;
  const match = /^(?:UTC|GMT|غرينتش)?([+\u2212-])(\d{1,2}):?(\d{2})?$/.exec(name);
  if (!match) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  const maxMinutes = 18 * 60;
  if (minutes > maxMinutes) return undefined;
  return match[1] === '+' ? minutes : -minutes;
}

function daysOf(year: number, month: number, day: number): number | undefined {
  if (year < 1) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.getTime() / 86_400_000 : undefined;
}
