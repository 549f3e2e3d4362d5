import { setBit } from './bits';
import { cellLength, cellStart, markOf } from './cell';
import { dictionaryBytes, dictionaryCount, dictionaryOffsets } from './texts';

/**
 * Reads, from their bytes, the spellings that nearly all values of large documents have. Other
 * spellings are left to the reader in `src/parse/values.ts`, which returns the same result for each
 * spelling read here.
 */

const zero: i32 = 0x30;
const minus: i32 = 0x2d;
const colon: i32 = 0x3a;

/** A 64-bit integer holds this many digits, whatever they are. */
const maxDigits: i32 = 18;

/**
 * Counts of the numbers read since these were set to 0: those that show the decimal mark, and those
 * whose mark may separate thousands.
 */
export let marksSeen: i32 = 0;
export let eitherSeen: i32 = 0;

let number: i64 = 0;

/** The result of reading a text. */
const moments: i32 = 1;

/**
 * Reads cells as 64-bit integers. For `kind` 0 they are numbers, unscaled decimals: `-1234` and, if
 * `scale` is above 0, `-1234.56`, with digits that fit the precision. For `kind` 1 they are
 * timestamps, in microseconds since 1970: `2026-06-25T05:33:08+00:00` and `2026-06-25 05:33:08`,
 * followed by `Z`, ` UTC`, an offset or nothing.
 *
 * @param mark The decimal mark, `.` or `,`.
 * @param values Receives for each row after `from` 8 bytes, or 16 if `wide`; those of an empty or
 * unread cell are 0.
 * @param validity Bitmap of zeros; from bit `from` on, it receives ones for values that were read.
 * @param left Receives the rows whose cells have another spelling.
 * @returns The number of those rows; `valuesRead` is the number of values read.
 */
export function addIntegers(
  text: usize,
  marks: usize,
  rows: usize,
  count: i32,
  column: i32,
  form: i32,
  kind: i32,
  precision: i32,
  scale: i32,
  mark: i32,
  wide: bool,
  values: usize,
  validity: usize,
  from: i32,
  left: usize,
): i32 {
  let leftCount = 0;
  marksSeen = 0;
  eitherSeen = 0;
  valuesRead = 0;
  for (let row = 0; row < count; row += 1) {
    const cell = markOf(marks, rows, row, column);
    const length = cellLength(text, cell, form);
    let value: i64 = 0;
    if (length > 0) {
      if (readInteger(cellStart(text, cell, form), length, kind, precision, scale, mark)) {
        value = number;
        valuesRead += 1;
        setBit(validity, from + row);
      } else {
        store<i32>(left + ((<usize>leftCount) << 2), row);
        leftCount += 1;
      }
    }
    putValue(values, from + row, wide, value);
  }
  return leftCount;
}

/** Values read by the last call. */
export let valuesRead: i32 = 0;

function readInteger(start: usize, length: i32, kind: i32, precision: i32, scale: i32, mark: i32): bool {
  return kind === moments ? readMoment(start, length) : readNumber(start, length, precision, scale, mark);
}

function putValue(values: usize, index: i32, wide: bool, value: i64): void {
  if (wide) {
    const at = values + ((<usize>index) << 4);
    store<i64>(at, value);
    store<i64>(at, value >> 63, 8);
  } else {
    store<i64>(values + ((<usize>index) << 3), value);
  }
}

function readNumber(start: usize, length: i32, precision: i32, scale: i32, mark: i32): bool {
  const end = start + length;
  const isNegative = load<u8>(start) === minus;
  let at = isNegative ? start + 1 : start;
  const wholeFrom = at;
  let value: i64 = 0;
  let digit = 0;
  for (; at < end; at += 1) {
    digit = <i32>load<u8>(at) - zero;
    if (<u32>digit > 9) break;
    value = value * 10 + digit;
  }
  const wholeDigits = <i32>(at - wholeFrom);
  if (wholeDigits === 0 || wholeDigits + scale > min(precision, maxDigits)) return false;
  let fractionDigits = 0;
  if (at < end) {
    if (load<u8>(at) !== mark) return false;
    fractionDigits = <i32>(end - at) - 1;
    if (fractionDigits === 0 || fractionDigits > scale) return false;
    for (at += 1; at < end; at += 1) {
      digit = <i32>load<u8>(at) - zero;
      if (<u32>digit > 9) return false;
      value = value * 10 + digit;
    }
    // The mark of `1.234` may separate thousands, that of `0.234` may not.
    if (fractionDigits === 3 && wholeDigits <= 3 && load<u8>(wholeFrom) !== zero) eitherSeen += 1;
    else marksSeen += 1;
  }
  for (; fractionDigits < scale; fractionDigits += 1) value *= 10;
  number = isNegative ? -value : value;
  return true;
}

/** The years that are read here. */
const firstYear: i32 = 1970;
const lastYear: i32 = 9999;

function readMoment(start: usize, length: i32): bool {
  if (
    length < 19 ||
    load<u8>(start, 4) !== minus ||
    load<u8>(start, 7) !== minus ||
    (load<u8>(start, 10) !== 0x54 && load<u8>(start, 10) !== 0x20) ||
    load<u8>(start, 13) !== colon ||
    load<u8>(start, 16) !== colon
  ) {
    return false;
  }
  const year = twoDigits(start) * 100 + twoDigits(start + 2);
  const month = twoDigits(start + 5);
  const day = twoDigits(start + 8);
  const hour = twoDigits(start + 11);
  const minute = twoDigits(start + 14);
  const second = twoDigits(start + 17);
  if (year < firstYear || year > lastYear || month < 1 || month > 12 || day < 1) return false;
  if (day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59) return false;
  const offset = length === 19 ? 0 : offsetMinutes(start + 19, length - 19);
  if (offset === noOffset) return false;
  // From the year 6053 on, the minutes since 1970 exceed 32 bits.
  const minutes = (<i64>daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset;
  number = (minutes * 60 + second) * 1000000;
  return true;
}

/** The value for an offset with another spelling. */
const noOffset: i32 = i32.MAX_VALUE;

function offsetMinutes(start: usize, length: i32): i32 {
  const first = <i32>load<u8>(start);
  if (length === 1) return first === 0x5a ? 0 : noOffset;
  // " UTC"
  if (length === 4) return load<u32>(start) === 0x43545520 ? 0 : noOffset;
  if (length !== 6 || (first !== 0x2b && first !== minus) || load<u8>(start, 3) !== colon) return noOffset;
  const hours = twoDigits(start + 1);
  const minutes = twoDigits(start + 4);
  if (hours > 14 || minutes > 59) return noOffset;
  return first === minus ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

/** Larger than any two digits, so that no limit accepts it. */
const noDigits: i32 = 1000000;

function twoDigits(at: usize): i32 {
  const tens = <i32>load<u8>(at) - zero;
  const ones = <i32>load<u8>(at, 1) - zero;
  return <u32>tens > 9 || <u32>ones > 9 ? noDigits : tens * 10 + ones;
}

function daysIn(year: i32, month: i32): i32 {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeap(year: i32): bool {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Counts in years that start in March, so that a leap day is the last day of its year. */
function daysSince1970(year: i32, month: i32, day: i32): i32 {
  const marchYear = month <= 2 ? year - 1 : year;
  const marchMonth = month <= 2 ? month + 9 : month - 3;
  const daysBeforeMonth = (153 * marchMonth + 2) / 5;
  const leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400;
  const daysTo1970 = 719469;
  return marchYear * 365 + leapDays + daysBeforeMonth + day - daysTo1970;
}

/** The status of a text of a dictionary: see `readEntries`. */
const isLeft: u8 = 0;
const isRead: u8 = 1;
const isReadWithMark: u8 = 2;
const isReadWithEither: u8 = 3;

/**
 * Reads texts of a dictionary as `addIntegers` reads cells.
 *
 * @param from The first entry to read.
 * @param values Receives a value for each entry, by its number.
 * @param statuses Receives a byte for each: 0 not read, as it has another spelling; 1 read; 2 read,
 * and shows the decimal mark; 3 read, and its mark may separate thousands.
 * @returns The number of entries not read.
 */
export function readEntries(
  dictionary: usize,
  from: i32,
  kind: i32,
  precision: i32,
  scale: i32,
  mark: i32,
  wide: bool,
  values: usize,
  statuses: usize,
): i32 {
  const count = dictionaryCount(dictionary);
  const bytes = dictionaryBytes(dictionary);
  const offsets = dictionaryOffsets(dictionary);
  let left = 0;
  for (let entry = from; entry < count; entry += 1) {
    const offset = offsets + ((<usize>entry) << 2);
    const start = bytes + load<i32>(offset);
    const length = load<i32>(offset, 4) - load<i32>(offset);
    marksSeen = 0;
    eitherSeen = 0;
    const isGood = readInteger(start, length, kind, precision, scale, mark);
    putValue(values, entry, wide, isGood ? number : 0);
    let status = isLeft;
    if (isGood) status = marksSeen > 0 ? isReadWithMark : eitherSeen > 0 ? isReadWithEither : isRead;
    else left += 1;
    store<u8>(statuses + entry, status);
  }
  return left;
}

/**
 * Compacts values, each from its entry to its index in `indices`, without those of -1; indices
 * ascend with the entries.
 */
export function moveValues(values: usize, wide: bool, indices: usize, count: i32): void {
  const size: usize = wide ? 16 : 8;
  for (let entry = 0; entry < count; entry += 1) {
    const index = load<i32>(indices + ((<usize>entry) << 2));
    if (index < 0 || index === entry) continue;
    memory.copy(values + <usize>index * size, values + <usize>entry * size, size);
  }
}
