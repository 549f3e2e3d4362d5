import { itemStart, readValue } from './json';
import { beginTokens, behindBlanks, closingQuote, hasEscapes, stopReason } from './json-tokens';
import { areEqual } from './texts';

/**
 * Why `splitItems` stopped, besides the reasons of `readItems`: an item is of a form that is not
 * supported here; there is no room for its rows.
 */
const enough: i32 = 2;
const oddItem: i32 = 5;
const noRoom: i32 = 8;

/** An object around the rows: its members before and after the one that leads to the rows. */
@unmanaged
class Level {
  first: usize = 0;
  firstEnd: usize = 0;
  second: usize = 0;
  secondEnd: usize = 0;
}

const maxLevels: i32 = 16;
const levels = memory.data(16 * 16, 8);
/** What a row has for each level, besides its members. */
const levelBytes: i32 = 16;

export let splitStopped: i32 = 0;
/** Bytes written by the last call. */
export let splitBytes: i32 = 0;

let out: usize = 0;
let outEnd: usize = 0;
let rows: i32 = 0;
let names: usize = 0;
let nameCount: i32 = 0;

/**
 * Writes the rows of a nested table in items of a list as a list of their own, up to its closing
 * bracket. Each row has the members of the object around it in its member `^`, of the next one in
 * that one's `^`, and so on, but not those that lead to the rows.
 *
 * @param length Up to 80 bytes after this many bytes of `text` may be read, and have no meaning.
 * @param from The start of an item, or the comma before it if `begun` says that one was read.
 * @param steps For each name that leads from an item to the rows its address and its length.
 * @param window Reading stops after this many bytes, at the end of an item.
 * @param maxBytes The limit of one item.
 * @param room Bytes of `target`.
 * @returns Where to continue; `splitStopped` and `splitBytes` have the details.
 */
export function splitItems(
  text: usize,
  length: i32,
  from: i32,
  begun: bool,
  steps: usize,
  stepCount: i32,
  window: i32,
  maxBytes: i32,
  target: usize,
  room: i32,
): i32 {
  beginTokens(text + length);
  out = target;
  outEnd = target + room - 1;
  rows = 0;
  names = steps;
  nameCount = stepCount;
  splitStopped = enough;
  let whole = text + from;
  let isFirst = !begun;
  const last = whole + window;
  while (whole < last) {
    const start = itemStart(whole, isFirst);
    let end: usize = 0;
    if (start !== 0) end = readValue(start, 0, 0);
    if (end === 0) {
      splitStopped = stopReason();
      break;
    }
    const before = out;
    const rowsBefore = rows;
    const why = end - start > <usize>maxBytes ? oddItem : addRows(start, 0);
    if (why !== 0) {
      out = before;
      rows = rowsBefore;
      splitStopped = why;
      break;
    }
    whole = end;
    isFirst = false;
  }
  store<u8>(out, 0x5d);
  splitBytes = <i32>(out + 1 - target);
  return <i32>(whole - text);
}

/** Writes the rows in a value that is well-formed. Returns why it can't, or 0. */
function addRows(from: usize, step: i32): i32 {
  if (step === 0 || load<u8>(from) !== 0x5b) return addRowsOf(from, step);
  let at = behindBlanks(from + 1);
  while (load<u8>(at) !== 0x5d) {
    const why = addRowsOf(at, step);
    if (why !== 0) return why;
    at = behindBlanks(readValue(at, 0, 0));
    if (load<u8>(at) === 0x2c) at = behindBlanks(at + 1);
  }
  return 0;
}

/** Writes the rows in an object. */
function addRowsOf(from: usize, step: i32): i32 {
  if (load<u8>(from) !== 0x7b || step > maxLevels) return oddItem;
  const inside = behindBlanks(from + 1);
  if (step === nameCount) return addRow(inside, readValue(from, 0, 0) - 1);
  const name = load<usize>(names + ((<usize>step) << 3));
  const nameLength = load<i32>(names + ((<usize>step) << 3), 4);
  const level = changetype<Level>(levels + ((<usize>step) << 4));
  let found: usize = 0;
  let firstEnd = inside;
  let second = inside;
  /** Behind the member before. */
  let before = inside;
  let at = inside;
  while (load<u8>(at) !== 0x7d) {
    const member = at + 1;
    const quote = closingQuote(member);
    const isEscaped = hasEscapes();
    const value = behindBlanks(behindBlanks(quote + 1) + 1);
    const end = readValue(value, 0, 0);
    at = behindBlanks(end);
    if (load<u8>(at) === 0x2c) at = behindBlanks(at + 1);
    if (isEscaped) return oddItem;
    if (<i32>(quote - member) === nameLength && areEqual(member, name, nameLength)) {
      if (found !== 0) return oddItem;
      found = value;
      firstEnd = before;
      second = at;
    }
    before = end;
  }
  if (found === 0 || load<u8>(found) === 0x6e) return 0;
  level.first = inside;
  level.firstEnd = firstEnd;
  level.second = second;
  // Without the blanks before the brace, and without a comma if the member was the last one.
  level.secondEnd = max<usize>(second, before);
  return addRows(found, step + 1);
}

/** Writes a row whose members lie between two addresses. */
function addRow(from: usize, to: usize): i32 {
  let bytes = <i32>(to - from) + levelBytes;
  for (let step = 0; step < nameCount; step += 1) {
    const level = changetype<Level>(levels + ((<usize>step) << 4));
    bytes += <i32>(level.firstEnd - level.first + (level.secondEnd - level.second)) + levelBytes;
  }
  if (out + bytes > outEnd) return noRoom;
  if (rows > 0) put(0x2c);
  rows += 1;
  put(0x7b);
  for (let step = 0; step < nameCount; step += 1) {
    // "^":{
    store<u32>(out, 0x3a225e22);
    store<u8>(out, 0x7b, 4);
    out += 5;
  }
  for (let step = 0; step < nameCount; step += 1) {
    const level = changetype<Level>(levels + ((<usize>step) << 4));
    putMembers(level.first, level.firstEnd);
    putMembers(level.second, level.secondEnd);
    put(0x7d);
  }
  putMembers(from, to);
  put(0x7d);
  return 0;
}

function putMembers(from: usize, to: usize): void {
  if (from >= to || load<u8>(from) === 0x7d) return;
  if (load<u8>(out - 1) !== 0x7b) put(0x2c);
  memory.copy(out, from, to - from);
  out += to - from;
}

function put(byte: u8): void {
  store<u8>(out, byte);
  out += 1;
}
