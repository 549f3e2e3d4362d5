/**
 * Dates and times as report documents write them. Whether 03/04/2026 is in March or April is
 * decided for the document as a whole (`orderEvidence`).
 */
export type DateOrder = 'mdy' | 'dmy';

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

/** Offsets in minutes of the zone names that Amazon writes, and of related ones. */
const zoneMinutes: Record<string, number> = {
  Z: 0,
  UTC: 0,
  GMT: 0,
  UT: 0,
  WET: 0,
  PST: -480,
  PDT: -420,
  MST: -420,
  MDT: -360,
  CST: -360,
  CDT: -300,
  EST: -300,
  EDT: -240,
  AST: -240,
  ADT: -180,
  BRT: -180,
  BRST: -120,
  BST: 60,
  WEST: 60,
  CET: 60,
  MEZ: 60,
  CEST: 120,
  MESZ: 120,
  EET: 120,
  SAST: 120,
  EEST: 180,
  TRT: 180,
  MSK: 180,
  GST: 240,
  IST: 330,
  SGT: 480,
  AWST: 480,
  JST: 540,
  AEST: 600,
  AEDT: 660,
  AKST: -540,
  AKDT: -480,
  HST: -600,
  NZST: 720,
  NZDT: 780,
};

/** Zones in which the month is written first. In all others named here the day comes first. */
const monthFirstZones = new Set(['PST', 'PDT', 'MST', 'MDT', 'CST', 'CDT', 'EST', 'EDT']);
const dayFirstZones = new Set([
  'BST',
  'CET',
  'CEST',
  'MEZ',
  'MESZ',
  'WET',
  'WEST',
  'EET',
  'EEST',
  'TRT',
  'SAST',
  'IST',
  'BRT',
  'AEST',
  'AEDT',
]);

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
 * The shapes of a date, with an example each; the first match wins. Groups: y, m, d, or a and b if
 * the order decides.
 */
const shapes: { example: string; pattern: RegExp; fourDigitYear: boolean }[] = [
  {
    example: '2026-06-16, 2026/06/16',
    pattern: /^(?<y>\d{4})([-/.])(?<m>\d{1,2})\2(?<d>\d{1,2})(?!\d)/,
    fourDigitYear: true,
  },
  {
    example: '14.03.2023',
    pattern: /^(?<d>\d{1,2})\.(?<m>\d{1,2})\.(?<y>\d{4}|\d{2})(?!\d)/,
    fourDigitYear: true,
  },
  {
    example: '08/07/2016, 15-06-2025',
    pattern: /^(?<a>\d{1,2})([-/])(?<b>\d{1,2})\2(?<y>\d{4}|\d{2})(?!\d)/,
    fourDigitYear: true,
  },
  {
    example: '28-Aug-2026, 28. August 2026',
    pattern: /^(?<d>\d{1,2})\.?[-\s]?(?:de\s)?(?<n>\p{L}{3,12})\.?,?[-\s](?:de\s)?(?<y>\d{4}|\d{2})(?!\d)/u,
    fourDigitYear: true,
  },
  {
    example: 'Jan 5, 2026',
    pattern: /^(?<n>\p{L}{3,12})\.?\s(?<d>\d{1,2}),?\s(?<y>\d{4})(?!\d)/u,
    fourDigitYear: true,
  },
  {
    example: '2026年1月5日',
    pattern: /^(?<y>\d{4})年(?<m>\d{1,2})月(?<d>\d{1,2})日/,
    fourDigitYear: true,
  },
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

const timePattern =
  /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?\s?[Mm]\.?)?(?:\s*([A-Za-z]{1,5}|[+-]\d{2}:?\d{2}|[+-]\d{1,2})|\s*(?:UTC|GMT)([+-]\d{1,2}(?::?\d{2})?))?$/;

const zonePattern = /^(?:([A-Za-z]{1,5})|([+-]\d{2}:?\d{2}))$/;

/**
 * Reads a date or a time. Undefined if it is none, or does not exist in the calendar. `strict`
 * excludes the loose shapes and two-digit years.
 */
export function readTime(
  text: string,
  order: DateOrder,
  options: { strict?: boolean } = {},
): WrittenTime | undefined {
  const date = readDate(text.trim(), order, options.strict ?? false);
  if (!date) return undefined;
  const days = daysOf(date.year, date.month, date.day);
  if (days === undefined) return undefined;
  const rest = date.rest.replace(/^(?:T(?=\d)|,?\s+(?:um|à|at)\s+|,?\s+|,)/, '').trim();
  const time = readClock(rest);
  return time && { days, micros: BigInt(days) * 86_400_000_000n + time.micros, hasTime: time.hasTime };
}

/** The order of day and month that a text shows; undefined if it allows both or none. */
export function orderEvidence(text: string): DateOrder | undefined {
  const match = shapes[2]?.pattern.exec(text.trim());
  if (!match?.groups) return undefined;
  const first = Number(match.groups.a);
  const second = Number(match.groups.b);
  if (first > 12 && second <= 12) return 'dmy';
  return second > 12 && first <= 12 ? 'mdy' : undefined;
}

/**
 * The order that is usual in the zone that a text names: a hint for documents that do not settle
 * it.
 */
export function orderOfZone(text: string): DateOrder | undefined {
  const zone = /\s([A-Z]{3,4})$/.exec(text.trim())?.[1];
  if (zone === undefined) return undefined;
  if (monthFirstZones.has(zone)) return 'mdy';
  return dayFirstZones.has(zone) ? 'dmy' : undefined;
}

function readDate(text: string, order: DateOrder, strict: boolean): DateParts | undefined {
  for (const { pattern } of [...shapes, ...(strict ? [] : looseShapes)]) {
    const match = pattern.exec(text);
    if (!match?.groups) continue;
    const { y = '', m, d, a, b, n } = match.groups;
    if (strict && y.length !== 4) return undefined;
    const monthByName =
      n === undefined ? undefined : months.find(([name]) => name.test(n.toLowerCase()))?.[1];
    if (n !== undefined && monthByName === undefined) continue;
    const [monthText, dayText] = a === undefined ? [m, d ?? '1'] : order === 'mdy' ? [a, b] : [b, a];
    return {
      year: y.length === 2 ? 2000 + Number(y) : Number(y),
      month: monthByName ?? Number(monthText),
      day: Number(dayText ?? d ?? 1),
      rest: text.slice(match[0].length),
    };
  }
  return undefined;
}

/** Clock time and zone, as microseconds to add to midnight UTC of the written date. */
function readClock(text: string): { micros: bigint; hasTime: boolean } | undefined {
  if (text === '') return { micros: 0n, hasTime: false };
  const bareZone = zonePattern.exec(text);
  if (bareZone) {
    const minutes = offsetMinutes(bareZone[1] ?? bareZone[2]);
    return minutes === undefined ? undefined : { micros: BigInt(-minutes) * 60_000_000n, hasTime: false };
  }
  const match = timePattern.exec(text);
  if (!match) return undefined;
  const [, hourText, minuteText, secondText = '0', fraction = '', half, zone, shift] = match;
  let hour = Number(hourText);
  if (half) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (half[0]?.toLowerCase() === 'p' ? 12 : 0);
  }
  const minute = Number(minuteText);
  const second = Number(secondText);
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const minutes = offsetMinutes(shift ?? zone);
  if (minutes === undefined) return undefined;
  const seconds = BigInt((hour * 60 + minute - minutes) * 60 + second);
  return { micros: seconds * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0')), hasTime: true };
}

function offsetMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined) return 0;
  const named = zoneMinutes[zone.toUpperCase()];
  if (named !== undefined) return named;
  const match = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone);
  if (!match) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  const maxMinutes = 18 * 60;
  if (minutes > maxMinutes) return undefined;
  return match[1] === '-' ? -minutes : minutes;
}

function daysOf(year: number, month: number, day: number): number | undefined {
  if (year < 1) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.getTime() / 86_400_000 : undefined;
}
