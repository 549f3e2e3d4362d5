import { areEqual } from './texts';
import {
  beginOutput,
  behindXmlBlanks,
  insert,
  nextMark,
  out,
  put,
  putBytes,
  putNull,
  putString,
  putText,
  solidEnd,
  solidStart,
} from './xml-text';

/**
 * Why `readElements` stopped: the text ends within an element; an element is unusual or wrong;
 * something else follows; enough was read.
 */
const needsMore: i32 = 0;
const odd: i32 = 1;
const ended: i32 = 2;
const enough: i32 = 3;

const maxDepth: i32 = 200;
/** Names of the open elements together. They are searched one after the other. */
const maxNames: i32 = 4096;
const names = memory.data(4096 * 8, 8);

export let elementsRead: i32 = 0;
export let elementsStopped: i32 = 0;
/** Bytes written by the last call. */
export let elementBytes: i32 = 0;

let textEnd: usize = 0;
let reason: i32 = 0;
let nameCount: i32 = 0;
let valuesLeft: i32 = 0;
/** Where the local name begins in the name that was read last. */
let localStart: usize = 0;

/**
 * Rewrites elements of one name, one after the other, as the items of a JSON list up to its closing
 * bracket. Members are the attributes, with an `@` in front, then the elements by their local
 * names. A repeated element is a list. An element without members is its text, or null if that is
 * blank; text beside members is the member `#text`, without the blanks around it.
 *
 * @param length Up to 80 bytes after this many bytes of `text` may be read, and have no meaning.
 * @param name The name of the elements, as written.
 * @param target Room for three times the bytes that are read, and 64 more.
 * @param window Reading stops after this many bytes, at the end of an element.
 * @param maxBytes Of one of the elements, and `maxValues` is that of the elements inside it.
 * @returns Where to continue; the details are in `elementsRead`, `elementsStopped` and
 *   `elementBytes`.
 */
export function readElements(
  text: usize,
  length: i32,
  from: i32,
  name: usize,
  nameLength: i32,
  target: usize,
  window: i32,
  maxBytes: i32,
  maxValues: i32,
): i32 {
  textEnd = text + length;
  elementsRead = 0;
  beginOutput(target);
  reason = enough;
  let whole = text + from;
  const last = whole + window;
  while (whole < last) {
    const start = behindXmlBlanks(whole);
    if (!isElement(start, name, nameLength)) break;
    const before = out;
    if (elementsRead > 0) put(0x2c);
    nameCount = 0;
    valuesLeft = maxValues;
    localStart = start + 1;
    const behind = readElement(start + 1, start + 1 + nameLength, 0);
    const isTooLong = behind !== 0 && behind - start > <usize>maxBytes;
    if (isTooLong) reason = odd;
    if (behind === 0 || isTooLong) {
      beginOutput(before);
      break;
    }
    elementsRead += 1;
    whole = behind;
  }
  elementsStopped = reason;
  put(0x5d);
  elementBytes = <i32>(out - target);
  return <i32>(whole - text);
}

/** Whether an element of that name begins here; else the reason is set. */
function isElement(at: usize, name: usize, length: i32): bool {
  const end = at + 1 + length;
  if (end >= textEnd) {
    reason = needsMore;
    return false;
  }
  const isNamed = load<u8>(at) === 0x3c && areEqual(at + 1, name, length) && !isNamePart(load<u8>(end));
  if (!isNamed) reason = ended;
  return isNamed;
}

function stopAt(at: usize): usize {
  reason = at >= textEnd ? needsMore : odd;
  return 0;
}

function stopFor(why: i32): usize {
  reason = why;
  return 0;
}

/**
 * Reads an element whose name lies between two addresses, and writes its value. Returns the address
 * after its end; 0 if it can't be read, with the reason.
 */
function readElement(name: usize, nameEnd: usize, depth: i32): usize {
  if (depth > maxDepth) return stopFor(odd);
  valuesLeft -= 1;
  if (valuesLeft < 0) return stopFor(odd);
  const firstName = nameCount;
  const nameLength = <i32>(nameEnd - name);
  let at = nameEnd;
  for (;;) {
    const blanks = at;
    at = behindXmlBlanks(at);
    const byte = load<u8>(at);
    if (byte === 0x3e) break;
    if (byte === 0x2f) {
      if (load<u8>(at, 1) !== 0x3e || at + 1 >= textEnd) return stopAt(at + 1);
      if (nameCount > firstName) put(0x7d);
      else putNull();
      nameCount = firstName;
      return at + 2;
    }
    if (at === blanks) return stopAt(at);
    at = readAttribute(at, firstName);
    if (at === 0) return 0;
  }
  // It may be the filler after the text that looks like a mark.
  if (at >= textEnd) return stopAt(at);
  at += 1;
  let hasMembers = nameCount > firstName;
  // No element has the name of an attribute.
  nameCount = firstName;
  let solid: usize = 0;
  let solidTo: usize = 0;
  let isList = false;
  let lastValue: usize = 0;
  for (;;) {
    const from = at;
    at = nextMark(at, textEnd);
    if (at + 1 >= textEnd) return stopFor(needsMore);
    const isEnd = load<u8>(at, 1) === 0x2f;
    if (isEnd && !hasMembers) {
      if (!putText(from, at)) return stopFor(odd);
      break;
    }
    if (behindXmlBlanks(from) < at) {
      // Text in several places would have to be joined.
      if (solid !== 0) return stopFor(odd);
      solid = from;
      solidTo = at;
    }
    if (isEnd) {
      if (isList) put(0x5d);
      if (solid !== 0 && !putSolid(solid, solidTo)) return stopFor(odd);
      put(0x7d);
      break;
    }
    const child = at + 1;
    const childEnd = behindName(child);
    if (childEnd === 0) return 0;
    const length = <i32>(childEnd - localStart);
    const place = nameCount > firstName ? placeOf(localStart, length, firstName) : -1;
    if (place >= 0) {
      // An element that is repeated later would have to be put beside the earlier one.
      if (place !== nameCount - 1) return stopFor(odd);
      if (!isList) insert(lastValue, 0x5b);
      isList = true;
      put(0x2c);
    } else {
      if (isList) put(0x5d);
      isList = false;
      if (!addName(localStart, length)) return 0;
      put(hasMembers ? 0x2c : 0x7b);
      hasMembers = true;
      put(0x22);
      putBytes(localStart, length);
      put(0x22);
      put(0x3a);
      lastValue = out;
    }
    at = readElement(child, childEnd, depth + 1);
    if (at === 0) return 0;
  }
  nameCount = firstName;
  const closing = at + 2;
  if (closing + nameLength >= textEnd) return stopFor(needsMore);
  if (!areEqual(closing, name, nameLength)) return stopFor(odd);
  const end = behindXmlBlanks(closing + nameLength);
  return end < textEnd && load<u8>(end) === 0x3e ? end + 1 : stopAt(end);
}

/** Writes the text beside members. */
function putSolid(from: usize, to: usize): bool {
  const start = solidStart(from, to);
  if (start === 0) return false;
  if (start === to) return true;
  const end = solidEnd(start, to);
  if (end === 0) return false;
  // ,"#text":
  store<u64>(out, 0x227478657423222c);
  store<u8>(out, 0x3a, 8);
  beginOutput(out + 9);
  return putString(start, end);
}

/** Reads an attribute and writes it as a member. */
function readAttribute(name: usize, firstName: i32): usize {
  let at = behindName(name);
  if (at === 0) return 0;
  const length = <i32>(at - name);
  // Namespaces say how a document is written.
  const isNamespace = length >= 5 && load<u32>(name) === 0x6e6c6d78 && load<u8>(name, 4) === 0x73;
  if (localStart !== name || isNamespace) return stopFor(odd);
  if (placeOf(name, length, firstName) >= 0) return stopFor(odd);
  put(nameCount > firstName ? 0x2c : 0x7b);
  if (!addName(name, length)) return 0;
  put(0x22);
  put(0x40);
  putBytes(name, length);
  put(0x22);
  put(0x3a);
  at = behindXmlBlanks(at);
  if (load<u8>(at) !== 0x3d) return stopAt(at);
  at = behindXmlBlanks(at + 1);
  const mark = load<u8>(at);
  if (mark !== 0x22 && mark !== 0x27) return stopAt(at);
  const from = at + 1;
  for (at = from; at < textEnd; at += 1) {
    const byte = load<u8>(at);
    if (byte === mark) return putString(from, at) ? at + 1 : stopFor(odd);
    if (byte === 0x3c || byte < 0x20) return stopFor(odd);
  }
  return stopFor(needsMore);
}

/** Returns the address after a name; 0 if there is none that is usual. */
function behindName(from: usize): usize {
  const first = load<u8>(from) | 0x20;
  const isStart = (first >= 0x61 && first <= 0x7a) || load<u8>(from) === 0x5f;
  if (!isStart) return stopAt(from);
  localStart = from;
  let at = from + 1;
  for (let byte = load<u8>(at); isNamePart(byte); byte = load<u8>(at)) {
    at += 1;
    if (byte === 0x3a && localStart === from) localStart = at;
  }
  if (at >= textEnd) return stopFor(needsMore);
  // Objects would have a member that is a number before the others.
  const local = load<u8>(localStart);
  return localStart < at && (local < 0x30 || local > 0x39) ? at : stopFor(odd);
}

function isNamePart(byte: u8): bool {
  const letter = byte | 0x20;
  if (letter >= 0x61 && letter <= 0x7a) return true;
  // Digits and the colon are in one row.
  return (byte >= 0x30 && byte <= 0x3a) || byte === 0x5f || byte === 0x2d || byte === 0x2e;
}

/** Returns the place of a name among those of the element, from the last on; -1 if it is new. */
function placeOf(name: usize, length: i32, first: i32): i32 {
  for (let index = nameCount - 1; index >= first; index -= 1) {
    const at = names + ((<usize>index) << 3);
    if (load<i32>(at, 4) === length && areEqual(load<usize>(at), name, length)) return index;
  }
  return -1;
}

function addName(name: usize, length: i32): bool {
  if (nameCount >= maxNames) return stopFor(odd) !== 0;
  const at = names + ((<usize>nameCount) << 3);
  store<usize>(at, name);
  store<i32>(at, length, 4);
  nameCount += 1;
  return true;
}
