import {
  asJson,
  asList,
  asWhole,
  boolKind,
  jsonKind,
  memberNamed,
  newPath,
  nextReading,
  note,
  nullKind,
  numberKind,
  pathCount,
  PathNode,
  textKind,
} from './json-paths';
import {
  beginTokens,
  behindBlanks,
  behindNumber,
  behindWord,
  closingQuote,
  forgetBlanks,
  forgetSurrogates,
  hasEscapes,
  isBeforeEnd,
  sawBlanks,
  stopAt,
  stopFor,
  stopReason,
  plainText,
} from './json-tokens';
import { areEqual } from './texts';

/**
 * Why `readItems` stopped, besides `needsMore` and `malformed`: enough items were read; the list
 * ends; an item has new names and must be read again; a name is duplicated or of a kind that is not
 * supported here; objects are nested too deeply; there are too many names.
 */
const enough: i32 = 2;
const listEnded: i32 = 3;
const newNames: i32 = 4;
const oddName: i32 = 5;
const tooDeep: i32 = 6;
const tooManyNames: i32 = 7;

/** Set in the address of a cell whose value is to be a list; else it has escapes. */
const inList: i32 = 1;

const maxDepth: i32 = 256;
/** Names are searched one after the other. */
const maxPaths: i32 = 5000;

export let itemsRead: i32 = 0;
export let itemsStopped: i32 = 0;
/** Cells noted in `uneven` by the last call. */
export let unevenCells: i32 = 0;

/** State of the item that is being read. */
let source: usize = 0;
let cells: usize = 0;
let reading: i32 = 0;
/** Kept until the item is read to its end. */
let madePaths: bool = false;
let escapedAt: usize = 0;
let escapedCount: i32 = 0;
let unevenAt: usize = 0;
let isUneven: bool = false;
let isOfXml: bool = false;

/**
 * Reads items of a list as rows: the values at the paths below `root` become cells as in
 * `src/parse/columnar/rows.ts`, each with a mark before and after it. Strings become cells without
 * their quotes, with escapes resolved in place; numbers and words are cells as they are; lists, and
 * whatever is kept whole, are JSON. A null makes no cell. An item with an unknown path adds the
 * path, and reading stops after it.
 *
 * @param length Up to 80 bytes after this many bytes of `text` may be read, and have no meaning.
 * @param from The start of an item, or the comma before it if `begun` says that one was read.
 * @param template The marks of a row without values; each row has this many bytes.
 * @param marks Room for `maxRows` rows.
 * @param escaped Room for the cells of one row.
 * @param uneven Receives the indices in `marks` of JSON cells with whitespace, escapes or objects.
 * @param ofXml The text was written by `readElements`: `#text` is the value of its object itself,
 *   and no cell is uneven.
 * @returns Where to continue; `itemsRead`, `itemsStopped` and `loneSurrogates` have the details.
 */
export function readItems(
  text: usize,
  length: i32,
  from: i32,
  begun: bool,
  root: usize,
  template: usize,
  rowBytes: i32,
  marks: usize,
  maxRows: i32,
  escaped: usize,
  uneven: usize,
  ofXml: bool,
): i32 {
  source = text;
  isOfXml = ofXml;
  escapedAt = escaped;
  unevenAt = uneven;
  itemsRead = 0;
  unevenCells = 0;
  beginTokens(text + length);
  forgetSurrogates();
  let isFirst = !begun;
  let whole = text + from;
  while (itemsRead < maxRows) {
    const start = itemStart(whole, isFirst);
    if (start === 0) return stopped(stopReason(), whole);
    cells = marks + <usize>(itemsRead * rowBytes);
    memory.copy(cells, template, rowBytes);
    reading = nextReading();
    escapedCount = 0;
    const unevenBefore = unevenCells;
    const end = readValue(start, root, 0);
    if (end === 0 || madePaths) {
      unevenCells = unevenBefore;
      if (end === 0) return stopped(stopReason(), whole);
      madePaths = false;
      return stopped(newNames, whole);
    }
    resolveEscapes();
    itemsRead += 1;
    whole = end;
    isFirst = false;
  }
  return stopped(enough, whole);
}

/**
 * Returns the end of the value that starts at `from`; -1 if it has none, with the reason in
 * `itemsStopped`.
 */
export function endOfValue(text: usize, length: i32, from: i32): i32 {
  beginTokens(text + length);
  const end = readValue(text + from, 0, 0);
  itemsStopped = stopReason();
  return end === 0 ? -1 : <i32>(end - text);
}

function stopped(why: i32, whole: usize): i32 {
  itemsStopped = why;
  return <i32>(whole - source);
}

/** Whether a name is that of the text beside the members of an element. */
function isElementText(name: usize, length: i32): bool {
  return isOfXml && length === 5 && load<u32>(name) === 0x78657423 && load<u8>(name, 4) === 0x74;
}

/** Returns the next item after what was read; 0 if there is none, or if the list ends. */
export function itemStart(whole: usize, isFirst: bool): usize {
  const at = behindBlanks(whole);
  const byte = load<u8>(at);
  if (byte === 0x5d) return stopFor(listEnded);
  if (isFirst) return isBeforeEnd(at) ? at : stopAt(at);
  return byte === 0x2c ? behindBlanks(at + 1) : stopAt(at);
}

function resolveEscapes(): void {
  for (let index = 0; index < escapedCount; index += 1) {
    const noted = load<i32>(escapedAt + ((<usize>index) << 2));
    const mark = <usize>(noted & ~inList);
    if ((noted & inList) !== 0) {
      makeList(mark);
      continue;
    }
    const end = plainText(source + load<i32>(mark) + 1, source + load<i32>(mark, 4));
    store<i32>(mark, <i32>(end - source), 4);
  }
}

/** Makes the value of a cell a list of one, in place of what is around it in the item. */
function makeList(mark: usize): void {
  const before = load<i32>(mark);
  const end = load<i32>(mark, 4);
  store<u8>(source + before, 0x5b);
  store<u8>(source + end, 0x5d);
  store<i32>(mark, before - 1);
  store<i32>(mark, end + 1, 4);
}

/** Reads a value at a path; if the path is 0, its content is skipped. */
export function readValue(at: usize, pathAt: usize, depth: i32): usize {
  if (depth > maxDepth) return stopFor(tooDeep);
  const byte = load<u8>(at);
  if (byte === 0x22) return readString(at, pathAt);
  if (byte === 0x7b || byte === 0x5b) {
    if (byte === 0x7b && pathAt !== 0 && changetype<PathNode>(pathAt).form < asWhole) {
      return readMembers(at + 1, pathAt, depth);
    }
    return readWhole(at, pathAt, depth);
  }
  const isNumber = byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
  const end = isNumber ? behindNumber(at) : behindWord(at);
  if (end !== 0 && pathAt !== 0) {
    const isNull = byte === 0x6e;
    putValue(pathAt, isNumber ? numberKind : isNull ? nullKind : boolKind, at, end);
  }
  return end;
}

function readString(at: usize, pathAt: usize): usize {
  const quote = closingQuote(at + 1);
  if (quote === 0) return 0;
  if (pathAt === 0) {
    isUneven = isUneven || hasEscapes();
    return quote + 1;
  }
  const path = changetype<PathNode>(pathAt);
  if (path.form >= asJson) {
    isUneven = hasEscapes();
    putValue(pathAt, textKind, at, quote + 1);
    return quote + 1;
  }
  putValue(pathAt, textKind, at + 1, quote);
  if (hasEscapes() && path.column >= 0) {
    store<i32>(escapedAt + ((<usize>escapedCount) << 2), <i32>markOf(path));
    escapedCount += 1;
  }
  return quote + 1;
}

/** Reads a list, or an object that is kept whole. */
function readWhole(at: usize, pathAt: usize, depth: i32): usize {
  if (pathAt !== 0) {
    isUneven = false;
    forgetBlanks();
  }
  const isList = load<u8>(at) === 0x5b;
  const end = isList ? behindItems(at + 1, depth) : readMembers(at + 1, 0, depth);
  if (end === 0 || pathAt === 0) return end;
  isUneven = isUneven || sawBlanks();
  putValue(pathAt, jsonKind, at, end);
  return end;
}

function behindItems(from: usize, depth: i32): usize {
  let at = behindBlanks(from);
  if (load<u8>(at) === 0x5d) return at + 1;
  for (;;) {
    at = readValue(at, 0, depth + 1);
    if (at === 0) return 0;
    at = behindBlanks(at);
    const byte = load<u8>(at);
    if (byte === 0x5d) return at + 1;
    if (byte !== 0x2c) return stopAt(at);
    at = behindBlanks(at + 1);
  }
  return 0;
}

/** Reads the members of an object, from after its brace. */
function readMembers(from: usize, pathAt: usize, depth: i32): usize {
  // Names may be duplicated, or in an order that is not preserved.
  if (pathAt === 0) isUneven = true;
  let at = behindBlanks(from);
  if (load<u8>(at) === 0x7d) return at + 1;
  let expected: usize = pathAt === 0 ? 0 : changetype<PathNode>(pathAt).firstChild;
  for (;;) {
    if (load<u8>(at) !== 0x22) return stopAt(at);
    let memberAt: usize = 0;
    if (pathAt === 0) {
      at = closingQuote(at + 1);
      if (at === 0) return 0;
      isUneven = isUneven || hasEscapes();
    } else {
      memberAt = expected;
      const name = at + 1;
      at = expected === 0 ? 0 : quoteBehind(name, changetype<PathNode>(expected));
      if (at === 0) {
        at = closingQuote(name);
        if (at === 0) return 0;
        memberAt = memberOf(pathAt, expected, name, at);
        if (memberAt === 0) return 0;
      }
      if (memberAt !== pathAt) {
        const member = changetype<PathNode>(memberAt);
        if (member.reading === reading) return stopFor(oddName);
        member.reading = reading;
        expected = member.next;
      }
    }
    at = behindBlanks(at + 1);
    if (load<u8>(at) !== 0x3a) return stopAt(at);
    at = readValue(behindBlanks(at + 1), memberAt, depth + 1);
    if (at === 0) return 0;
    at = behindBlanks(at);
    const byte = load<u8>(at);
    if (byte === 0x7d) return at + 1;
    if (byte !== 0x2c) return stopAt(at);
    at = behindBlanks(at + 1);
  }
  return 0;
}

/** Returns the closing quote of a name if it is the expected one, else 0. */
function quoteBehind(name: usize, expected: PathNode): usize {
  const quote = name + expected.nameLength;
  if (!isBeforeEnd(quote) || load<u8>(quote) !== 0x22) return 0;
  return areEqual(name, expected.name, expected.nameLength) ? quote : 0;
}

function memberOf(pathAt: usize, expected: usize, name: usize, end: usize): usize {
  const length = <i32>(end - name);
  if (isElementText(name, length)) return pathAt;
  if (length === 0 || hasEscapes() || isIndex(name, length)) return stopFor(oddName);
  const found = memberNamed(changetype<PathNode>(pathAt), expected, name, length);
  if (found !== 0) return found;
  if (pathCount() >= maxPaths) return stopFor(tooManyNames);
  madePaths = true;
  return newPath(pathAt, name, length);
}

/** Whether a name may be one that JavaScript puts first, whatever the order of the document. */
function isIndex(name: usize, length: i32): bool {
  for (let index = 0; index < length; index += 1) {
    const byte = load<u8>(name + index);
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
}

function markOf(path: PathNode): usize {
  return cells + ((<usize>path.column) << 3);
}

/** Records the kind of value at a path, and makes it a cell if the path has one. */
function putValue(pathAt: usize, kind: i32, from: usize, to: usize): void {
  const path = changetype<PathNode>(pathAt);
  note(path, path.form >= asWhole && kind !== nullKind ? jsonKind : kind);
  if (path.column < 0 || kind === nullKind) return;
  const isJson = kind === jsonKind || (kind === textKind && path.form >= asJson);
  const mark = markOf(path);
  store<i32>(mark, <i32>(from - source) - 1);
  store<i32>(mark, <i32>(to - source), 4);
  if (path.form === asList && load<u8>(from) !== 0x5b) {
    store<i32>(escapedAt + ((<usize>escapedCount) << 2), <i32>mark | inList);
    escapedCount += 1;
  }
  if (!isJson || !isUneven || isOfXml) return;
  store<i32>(unevenAt + ((<usize>unevenCells) << 2), <i32>mark);
  unevenCells += 1;
}
