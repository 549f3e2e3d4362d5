/**
 * The spellings that nearly all values of large documents have, read from their bytes. Each gives what the reader of its type in
 * `../values.ts` gives for the same text, or NaN for any other spelling, which is then read there.
 */

const zero = 0x30;
const minus = 0x2d;
const point = 0x2e;
const colon = 0x3a;

/** A double holds so many digits exactly. */
const mostDigits = 15;

/** A number, and what its spelling tells about the document: see `markEvidence`. */
export interface FastNumber {
  /** Unscaled integer, or NaN. */
  value: number;
  /** What the text tells of the decimal mark. */
  clue: 'mark .' | 'mark either' | undefined;
}

const result: FastNumber = { value: Number.NaN, clue: undefined };

/**
 * `-1234` and, where `scale` is above 0, `-1234.56`, of digits that fit the precision. The object returned is the same each time.
 */
export function fastNumber(
  bytes: Uint8Array,
  start: number,
  length: number,
  precision: number,
  scale: number,
): FastNumber {
  result.value = Number.NaN;
  result.clue = undefined;
  const end = start + length;
  const negative = bytes[start] === minus;
  let at = negative ? start + 1 : start;
  const wholeFrom = at;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = (bytes[at] as number) - zero;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  const wholeDigits = at - wholeFrom;
  if (wholeDigits === 0 || wholeDigits + scale > Math.min(precision, mostDigits)) return result;
  let fractionDigits = 0;
  if (at < end) {
    if (bytes[at] !== point) return result;
    fractionDigits = end - at - 1;
    if (fractionDigits === 0 || fractionDigits > scale) return result;
    for (at += 1; at < end; at += 1) {
      const digit = (bytes[at] as number) - zero;
      if (digit < 0 || digit > 9) return result;
      value = value * 10 + digit;
    }
    // `1.234` may be a thousand; `0.234` may not.
    const isGroup = fractionDigits === 3 && wholeDigits <= 3 && bytes[wholeFrom] !== zero;
    result.clue = isGroup ? 'mark either' : 'mark .';
  }
  for (; fractionDigits < scale; fractionDigits += 1) value *= 10;
  // Not -0.
  result.value = negative && value !== 0 ? -value : value;
  return result;
}

/** Years whose microseconds a double holds exactly. */
const firstYear = 1970;
const lastYear = 2200;

/**
 * `2026-06-25T05:33:08+00:00` and `2026-06-25 05:33:08`, with `Z`, ` UTC`, an offset or nothing behind: microseconds since 1970, or NaN.
 */
export function fastMicros(bytes: Uint8Array, start: number, length: number): number {
  const separator = bytes[start + 10];
  if (
    length < 19 ||
    bytes[start + 4] !== minus ||
    bytes[start + 7] !== minus ||
    (separator !== 0x54 && separator !== 0x20) ||
    bytes[start + 13] !== colon ||
    bytes[start + 16] !== colon
  ) {
    return Number.NaN;
  }
  const year = fourDigits(bytes, start);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  const hour = twoDigits(bytes, start + 11);
  const minute = twoDigits(bytes, start + 14);
  const second = twoDigits(bytes, start + 17);
  if (year < firstYear || year > lastYear || month < 1 || month > 12 || day < 1) return Number.NaN;
  if (day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const offset = length === 19 ? 0 : offsetMinutes(bytes, start + 19, length - 19);
  const days = daysSince1970(year, month, day);
  return (((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1e6;
}

/** NaN where it is none. */
function offsetMinutes(bytes: Uint8Array, start: number, length: number): number {
  const first = bytes[start];
  if (length === 1) return first === 0x5a ? 0 : Number.NaN;
  if (length === 4) {
    const isUtc =
      first === 0x20 && bytes[start + 1] === 0x55 && bytes[start + 2] === 0x54 && bytes[start + 3] === 0x43;
    return isUtc ? 0 : Number.NaN;
  }
  if (length !== 6 || (first !== 0x2b && first !== minus) || bytes[start + 3] !== colon) return Number.NaN;
  const hours = twoDigits(bytes, start + 1);
  const minutes = twoDigits(bytes, start + 4);
  if (hours > 14 || minutes > 59) return Number.NaN;
  return first === minus ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

/** More than any two digits are, so that no limit lets it pass. */
const noDigits = 1_000_000;

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - zero;
  const ones = (bytes[at + 1] as number) - zero;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? noDigits : tens * 10 + ones;
}

function fourDigits(bytes: Uint8Array, at: number): number {
  return twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Counts in years that begin in March, so that a leap day is the last of its year. Integers throughout, for speed. */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const marchMonth = month <= 2 ? month + 9 : month - 3;
  const daysBeforeMonth = ((153 * marchMonth + 2) / 5) | 0;
  const leapDays = (marchYear >> 2) - ((marchYear / 100) | 0) + ((marchYear / 400) | 0);
  const daysTo1970 = 719_469;
  return marchYear * 365 + leapDays + daysBeforeMonth + day - daysTo1970;
}
