/**
 * Texts of XML, written as JSON strings as `JSON.stringify` writes them. Whatever is unusual or
 * wrong is refused: the reader of unusual markup knows what it means.
 */

import { hexValue, putUtf8 } from './characters';

const lessThan: u8 = 0x3c;
const quote: u8 = 0x22;
const backslash: u8 = 0x5c;
const ampersand: u8 = 0x26;
const bracket: u8 = 0x5d;
/** The first byte of the characters U+F000 to U+FFFF. */
const lastOfPlane: u8 = 0xef;

/** Where the next byte of JSON goes. */
export let out: usize = 0;

/** What `nextCharacter` or `behindReference` has read. */
let character: i32 = 0;

export function beginOutput(at: usize): void {
  out = at;
}

export function put(byte: u8): void {
  store<u8>(out, byte);
  out += 1;
}

export function putNull(): void {
  store<u32>(out, 0x6c6c756e);
  out += 4;
}

/** Writes bytes as they are. Up to 15 bytes behind them are read, and written behind the output. */
export function putBytes(from: usize, length: i32): void {
  for (let at = 0; at < length; at += 16) v128.store(out + at, v128.load(from + at));
  out += length;
}

/** Makes room for a byte at an address in the output. */
export function insert(at: usize, byte: u8): void {
  memory.copy(at + 1, at, out - at);
  store<u8>(at, byte);
  out += 1;
}

/** The blanks of XML. */
export function behindXmlBlanks(from: usize): usize {
  let at = from;
  for (;;) {
    const byte = load<u8>(at);
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
  return at;
}

/** Returns the first `<` at or after an address, or an address at or after `end`. */
export function nextMark(from: usize, end: usize): usize {
  const marks = i8x16.splat(lessThan);
  for (let at = from; at < end; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), marks));
    if (found !== 0) return at + ctz<i32>(found);
  }
  return end;
}

/** Writes a text, or null if it is blank. Returns whether it could be read. */
export function putText(from: usize, to: usize): bool {
  const first = load<u8>(behindXmlBlanks(from));
  // Only these may be blanks of JavaScript.
  if (first === lessThan || first === ampersand || first >= 0x80) {
    const start = solidStart(from, to);
    if (start === 0) return false;
    if (start === to) {
      putNull();
      return true;
    }
  }
  return putString(from, to);
}

/** Returns where a text begins without its blanks; `to` if it is blank; 0 if it can't be read. */
export function solidStart(from: usize, to: usize): usize {
  for (let at = from; at < to; ) {
    const next = nextCharacter(at, to);
    if (next === 0 || !isBlank(character)) return next === 0 ? 0 : at;
    at = next;
  }
  return to;
}

/** Returns where a text ends without its blanks; 0 if it can't be read. */
export function solidEnd(from: usize, to: usize): usize {
  let end = from;
  for (let at = from; at < to; ) {
    at = nextCharacter(at, to);
    if (at === 0) return 0;
    if (!isBlank(character)) end = at;
  }
  return end;
}

/** Writes a text as a string. Returns whether it could be read. */
export function putString(from: usize, to: usize): bool {
  const controls = i8x16.splat(0x20);
  const quotes = i8x16.splat(quote);
  const backslashes = i8x16.splat(backslash);
  const ampersands = i8x16.splat(ampersand);
  const brackets = i8x16.splat(bracket);
  const lasts = i8x16.splat(<i8>lastOfPlane);
  put(quote);
  let at = from;
  while (at < to) {
    const block = v128.load(at);
    v128.store(out, block);
    const found = i8x16.bitmask(
      v128.or(
        v128.or(
          v128.or(i8x16.lt_u(block, controls), i8x16.eq(block, quotes)),
          v128.or(i8x16.eq(block, backslashes), i8x16.eq(block, ampersands)),
        ),
        v128.or(i8x16.eq(block, brackets), i8x16.eq(block, lasts)),
      ),
    );
    const plain: usize = min<usize>(found === 0 ? 16 : ctz<i32>(found), to - at);
    at += plain;
    out += plain;
    if (plain === 16 || at >= to) continue;
    at = putSpecial(at, to);
    if (at === 0) return false;
  }
  put(quote);
  return true;
}

/** Writes a character that needs a look. Returns the address after it; 0 if it can't be read. */
function putSpecial(at: usize, to: usize): usize {
  const byte = load<u8>(at);
  if (byte === ampersand) {
    const next = behindReference(at, to);
    if (next !== 0) putCharacter(character);
    return next;
  }
  if (byte === 0x0d) {
    putCharacter(0x0a);
    return at + 1 < to && load<u8>(at, 1) === 0x0a ? at + 2 : at + 1;
  }
  if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a) return 0;
  if (byte === bracket && load<u8>(at, 1) === bracket && load<u8>(at, 2) === 0x3e) return 0;
  // U+FFFE and U+FFFF are no characters.
  if (byte === lastOfPlane && load<u8>(at, 1) === 0xbf && load<u8>(at, 2) >= 0xbe) return 0;
  if (byte === lastOfPlane || byte === bracket) put(byte);
  else putCharacter(byte);
  return at + 1;
}

/** Reads a character into `character`. Returns the address after it; 0 if it can't be read. */
function nextCharacter(at: usize, to: usize): usize {
  const byte = load<u8>(at);
  if (byte === ampersand) return behindReference(at, to);
  if (byte < 0x80) {
    character = byte;
    return at + 1;
  }
  const more: usize = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  if (at + more >= to) return 0;
  character = <i32>byte & (0x3f >> <i32>more);
  for (let index: usize = 1; index <= more; index += 1) {
    character = (character << 6) | (load<u8>(at + index) & 0x3f);
  }
  return at + more + 1;
}

/** Reads a reference into `character`. Returns the address after it; 0 if it is not usual. */
function behindReference(at: usize, to: usize): usize {
  if (load<u8>(at, 1) === 0x23) return behindNumber(at + 2, to);
  const end = behindEntity(at + 1);
  return end <= to ? end : 0;
}

function behindEntity(at: usize): usize {
  const word = load<u32>(at);
  // lt; gt; amp; quot; apos;
  if ((word & 0xffffff) === 0x3b746c) return found(lessThan, at + 3);
  if ((word & 0xffffff) === 0x3b7467) return found(0x3e, at + 3);
  if (word === 0x3b706d61) return found(ampersand, at + 4);
  if (word === 0x746f7571 && load<u8>(at, 4) === 0x3b) return found(quote, at + 5);
  if (word === 0x736f7061 && load<u8>(at, 4) === 0x3b) return found(0x27, at + 5);
  return 0;
}

function found(code: i32, end: usize): usize {
  character = code;
  return end;
}

/** Reads the number of a character, up to 7 decimal or 6 hexadecimal digits. */
function behindNumber(from: usize, to: usize): usize {
  const isHex = load<u8>(from) === 0x78;
  const start = isHex ? from + 1 : from;
  const most: usize = isHex ? 6 : 7;
  let code = 0;
  let at = start;
  for (; at < to; at += 1) {
    const digit = hexValue(load<u8>(at));
    if (digit < 0 || (!isHex && digit > 9)) break;
    if (at - start >= most) return 0;
    code = code * (isHex ? 16 : 10) + digit;
  }
  if (at === start || at >= to || load<u8>(at) !== 0x3b || !isCharacter(code)) return 0;
  character = code;
  return at + 1;
}

function isCharacter(code: i32): bool {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

/** Whether JavaScript trims it. */
function isBlank(code: i32): bool {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  if (code < 0x1680) return code === 0xa0;
  if (code >= 0x2000 && code <= 0x200a) return true;
  switch (code) {
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
    case 0xfeff:
      return true;
    default:
      return false;
  }
}

/** Writes a character in a string. */
function putCharacter(code: i32): void {
  if (code === 0x0a || code === 0x0d || code === 0x09) {
    put(backslash);
    put(code === 0x0a ? 0x6e : code === 0x0d ? 0x72 : 0x74);
    return;
  }
  if (code === quote || code === backslash) put(backslash);
  out = putUtf8(out, code);
}
