import { setBit } from './bits';
import { cellLength, cellStart, minLength, markOf } from './cell';
import { allocate, enlarge, release } from './memory';

/** Bytes after a text that may be read and written, so that whole words can be copied. */
const slackBytes: usize = 16;

/**
 * The distinct texts of a column, numbered in order of appearance: a hash table with open
 * addressing. Entry `e` lies from `offsets[e]` to `offsets[e + 1]` in `bytes`.
 */
@unmanaged
class Dictionary {
  count: i32 = 0;
  bytes: usize = 0;
  offsets: usize = 0;
  /** Of each entry. */
  hashes: usize = 0;
  /** Entry + 1 by hash, 0 for none; half of it remains free. */
  slots: usize = 0;
  slotCount: i32 = 0;
}

export function newDictionary(): usize {
  const dictionary = changetype<Dictionary>(allocate(offsetof<Dictionary>()));
  dictionary.slotCount = 128;
  dictionary.bytes = allocate(1000);
  dictionary.offsets = allocate(65 * 4);
  dictionary.hashes = allocate(64 * 4);
  dictionary.slots = allocate(128 * 4);
  clearDictionary(changetype<usize>(dictionary));
  return changetype<usize>(dictionary);
}

/** Removes all texts and keeps the memory. */
export function clearDictionary(at: usize): void {
  const dictionary = changetype<Dictionary>(at);
  dictionary.count = 0;
  store<i32>(dictionary.offsets, 0);
  memory.fill(dictionary.slots, 0, (<usize>dictionary.slotCount) << 2);
}

export function freeDictionary(at: usize): void {
  const dictionary = changetype<Dictionary>(at);
  release(dictionary.bytes);
  release(dictionary.offsets);
  release(dictionary.hashes);
  release(dictionary.slots);
  release(at);
}

export function dictionaryCount(at: usize): i32 {
  return changetype<Dictionary>(at).count;
}

export function dictionaryBytes(at: usize): usize {
  return changetype<Dictionary>(at).bytes;
}

export function dictionaryOffsets(at: usize): usize {
  return changetype<Dictionary>(at).offsets;
}

/**
 * Numbers the texts of the cells of a column.
 *
 * @param entries Receives for each row the entry of its text, or -1 if the cell is empty.
 * @returns The number of empty cells.
 */
export function addToDictionary(
  at: usize,
  text: usize,
  marks: usize,
  rows: usize,
  count: i32,
  column: i32,
  form: i32,
  entries: usize,
): i32 {
  const dictionary = changetype<Dictionary>(at);
  const least = minLength(form);
  let empty = 0;
  let last = -1;
  let lastStart: usize = 0;
  let lastLength = -1;
  for (let row = 0; row < count; row += 1) {
    const mark = markOf(marks, rows, row, column);
    const length = cellLength(text, mark, form);
    const entry = entries + ((<usize>row) << 2);
    if (length < least) {
      store<i32>(entry, -1);
      empty += 1;
      continue;
    }
    const start = cellStart(text, mark, form);
    // Consecutive rows often have the same text.
    if (length !== lastLength || !areEqual(start, lastStart, length)) {
      last = numberOf(dictionary, start, length);
      lastStart = start;
      lastLength = length;
    }
    store<i32>(entry, last);
  }
  return empty;
}

function numberOf(dictionary: Dictionary, start: usize, length: i32): i32 {
  const hash = hashOf(start, length);
  const mask = dictionary.slotCount - 1;
  const slots = dictionary.slots;
  const hashes = dictionary.hashes;
  const bytes = dictionary.bytes;
  const offsets = dictionary.offsets;
  let slot = hash & mask;
  let entry = load<i32>(slots + ((<usize>slot) << 2)) - 1;
  while (entry >= 0) {
    if (load<i32>(hashes + ((<usize>entry) << 2)) === hash) {
      const offset = offsets + ((<usize>entry) << 2);
      const own = load<i32>(offset);
      if (load<i32>(offset, 4) - own === length && areEqual(start, bytes + own, length)) return entry;
    }
    slot = (slot + 1) & mask;
    entry = load<i32>(slots + ((<usize>slot) << 2)) - 1;
  }
  return add(dictionary, start, length, hash);
}

function add(dictionary: Dictionary, start: usize, length: i32, hash: i32): i32 {
  const entry = dictionary.count;
  if ((entry + 1) * 2 > dictionary.slotCount) growTable(dictionary);
  placeEntry(dictionary, hash, entry);
  store<i32>(dictionary.hashes + ((<usize>entry) << 2), hash);
  const own = <usize>load<i32>(dictionary.offsets + ((<usize>entry) << 2));
  const end = own + length;
  dictionary.bytes = enlarge(dictionary.bytes, own, end + slackBytes);
  copyText(dictionary.bytes + own, start, length);
  dictionary.count = entry + 1;
  store<i32>(dictionary.offsets + ((<usize>entry) << 2), <i32>end, 4);
  return entry;
}

function placeEntry(dictionary: Dictionary, hash: i32, entry: i32): void {
  const mask = dictionary.slotCount - 1;
  let slot = hash & mask;
  while (load<i32>(dictionary.slots + ((<usize>slot) << 2)) !== 0) slot = (slot + 1) & mask;
  store<i32>(dictionary.slots + ((<usize>slot) << 2), entry + 1);
}

function growTable(dictionary: Dictionary): void {
  const used = (<usize>dictionary.count) << 2;
  dictionary.slotCount *= 2;
  const size = (<usize>dictionary.slotCount) << 2;
  dictionary.hashes = enlarge(dictionary.hashes, used, size >> 1);
  dictionary.offsets = enlarge(dictionary.offsets, used + 4, (size >> 1) + 4);
  release(dictionary.slots);
  dictionary.slots = allocate(size);
  memory.fill(dictionary.slots, 0, size);
  for (let entry = 0; entry < dictionary.count; entry += 1) {
    placeEntry(dictionary, load<i32>(dictionary.hashes + ((<usize>entry) << 2)), entry);
  }
}

/**
 * The texts are removed with each row group, so a document made to collide slows down only itself.
 */
function hashOf(start: usize, length: i32): i32 {
  let hash: u64 = <u64>length * 0x9e3779b97f4a7c15;
  let at = start;
  let rest = length;
  for (; rest > 8; rest -= 8, at += 8) hash = mix(hash ^ load<u64>(at));
  hash = mix(hash ^ lowBytes(load<u64>(at), rest));
  return <i32>(hash >> 32);
}

function mix(value: u64): u64 {
  const product = value * 0xff51afd7ed558ccd;
  return product ^ (product >> 32);
}

/** Returns the lowest bytes of a word, at most eight. */
function lowBytes(word: u64, count: i32): u64 {
  return select<u64>(word & (0xffffffffffffffff >> ((<u64>(8 - count)) << 3)), 0, count > 0);
}

export function areEqual(a: usize, b: usize, length: i32): bool {
  let at: usize = 0;
  let rest = length;
  for (; rest > 8; rest -= 8, at += 8) if (load<u64>(a + at) !== load<u64>(b + at)) return false;
  return lowBytes(load<u64>(a + at) ^ load<u64>(b + at), rest) === 0;
}

function copyText(to: usize, from: usize, length: i32): void {
  for (let at = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at));
}

/**
 * Consecutive texts in Arrow's layout: text `i` lies from `offsets[i]` to `offsets[i + 1]` in
 * `bytes`.
 */
@unmanaged
class Texts {
  count: i32 = 0;
  bytes: usize = 0;
  offsets: usize = 0;
}

export function newTexts(): usize {
  const texts = changetype<Texts>(allocate(offsetof<Texts>()));
  texts.bytes = allocate(4000);
  texts.offsets = allocate(1000);
  clearTexts(changetype<usize>(texts));
  return changetype<usize>(texts);
}

/** Removes all texts and keeps the memory. */
export function clearTexts(at: usize): void {
  const texts = changetype<Texts>(at);
  texts.count = 0;
  store<i32>(texts.offsets, 0);
}

export function textsBytes(at: usize): usize {
  return changetype<Texts>(at).bytes;
}

export function textsOffsets(at: usize): usize {
  return changetype<Texts>(at).offsets;
}

/**
 * Adds the cells of a column as they are, an empty one as an empty text.
 *
 * @param validity Bitmap of zeros; from bit `from` on, it receives ones for cells that are not
 * empty.
 * @returns The number of empty cells.
 */
export function addTexts(
  at: usize,
  text: usize,
  marks: usize,
  rows: usize,
  count: i32,
  column: i32,
  form: i32,
  validity: usize,
  from: i32,
): i32 {
  const texts = changetype<Texts>(at);
  reserve(texts, count);
  const least = minLength(form);
  let empty = 0;
  for (let row = 0; row < count; row += 1) {
    const mark = markOf(marks, rows, row, column);
    const length = cellLength(text, mark, form);
    if (length >= least) setBit(validity, from + row);
    else empty += 1;
    append(texts, cellStart(text, mark, form), max(0, length));
  }
  return empty;
}

/**
 * Adds the texts of entries of a dictionary, an empty one for -1; `validity` and the result are
 * those of `addTexts`.
 */
export function addEntries(
  at: usize,
  dictionaryAt: usize,
  entries: usize,
  count: i32,
  validity: usize,
  from: i32,
): i32 {
  const texts = changetype<Texts>(at);
  const dictionary = changetype<Dictionary>(dictionaryAt);
  reserve(texts, count);
  let empty = 0;
  for (let row = 0; row < count; row += 1) {
    const entry = load<i32>(entries + ((<usize>row) << 2));
    if (entry < 0) {
      empty += 1;
      append(texts, 0, 0);
      continue;
    }
    setBit(validity, from + row);
    const offset = dictionary.offsets + ((<usize>entry) << 2);
    const start = load<i32>(offset);
    append(texts, dictionary.bytes + start, load<i32>(offset, 4) - start);
  }
  return empty;
}

/** Adds a text; there must be room for its offset. */
function append(texts: Texts, start: usize, length: i32): void {
  const offset = texts.offsets + ((<usize>texts.count) << 2);
  const own = <usize>load<i32>(offset);
  const end = own + length;
  texts.bytes = enlarge(texts.bytes, own, end + slackBytes);
  copyText(texts.bytes + own, start, length);
  store<i32>(offset, <i32>end, 4);
  texts.count += 1;
}

/** Makes room for the offsets of that many more texts. */
function reserve(texts: Texts, count: i32): void {
  const used = (<usize>(texts.count + 1)) << 2;
  texts.offsets = enlarge(texts.offsets, used, used + ((<usize>count) << 2));
}
