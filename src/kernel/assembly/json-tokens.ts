/**
 * The tokens of JSON (RFC 8259), found by their bytes. Each function returns the address after what
 * it read, or 0 if it can't read on: `stopped` has the reason. The text is followed by at least 80
 * bytes without meaning.
 */

import { hexValue, putUtf8 } from './characters';

const quote: u8 = 0x22;
const backslash: u8 = 0x5c;

/** Why reading stopped. */
export const needsMore: i32 = 0;
export const malformed: i32 = 1;

/** Halves of surrogate pairs that `plainText` met since this was last set to 0. */
export let loneSurrogates: i32 = 0;

export function forgetSurrogates(): void {
  loneSurrogates = 0;
}

let textEnd: usize = 0;
let reason: i32 = 0;
let escaped: bool = false;
let blanks: bool = false;

/** Starts to read a text that ends at that address. */
export function beginTokens(end: usize): void {
  textEnd = end;
  reason = needsMore;
}

export function stopReason(): i32 {
  return reason;
}

/** Stops at an address: the text may be incomplete there, or malformed. */
export function stopAt(at: usize): usize {
  reason = at >= textEnd ? needsMore : malformed;
  return 0;
}

export function stopFor(why: i32): usize {
  reason = why;
  return 0;
}

export function isBeforeEnd(at: usize): bool {
  return at < textEnd;
}

/** Whether the last string has escapes. */
export function hasEscapes(): bool {
  return escaped;
}

/** Whether there was whitespace since this was last set to false. */
export function sawBlanks(): bool {
  return blanks;
}

export function forgetBlanks(): void {
  blanks = false;
}

export function behindBlanks(from: usize): usize {
  let at = from;
  let byte = load<u8>(at);
  if (byte > 0x20) return at;
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
    at += 1;
    byte = load<u8>(at);
  }
  blanks = true;
  return at;
}

/** Returns the closing quote of a string, given the address after its opening quote. */
export function closingQuote(from: usize): usize {
  let at = from;
  escaped = false;
  const quotes = i8x16.splat(quote);
  const backslashes = i8x16.splat(backslash);
  const controls = i8x16.splat(0x20);
  for (;;) {
    const block = v128.load(at);
    const found = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(block, quotes), i8x16.eq(block, backslashes)), i8x16.lt_u(block, controls)),
    );
    if (found === 0) {
      at += 16;
      if (at >= textEnd) return stopAt(at);
      continue;
    }
    at += ctz<i32>(found);
    if (at >= textEnd) return stopAt(at);
    const byte = load<u8>(at);
    if (byte === quote) return at;
    if (byte !== backslash) return stopAt(at);
    escaped = true;
    at = behindEscape(at);
    if (at === 0) return 0;
  }
  return 0;
}

function behindEscape(at: usize): usize {
  if (at + 2 > textEnd) return stopAt(textEnd);
  const byte = load<u8>(at, 1);
  switch (byte) {
    case 0x22:
    case 0x2f:
    case 0x5c:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 2;
    case 0x75:
      if (at + 6 > textEnd) return stopAt(textEnd);
      for (let digit: usize = 2; digit < 6; digit += 1)
        if (hexValue(load<u8>(at + digit)) < 0) return stopAt(at);
      return at + 6;
    default:
      return stopAt(at);
  }
}

export function behindNumber(from: usize): usize {
  let at = from;
  if (load<u8>(at) === 0x2d) at += 1;
  if (load<u8>(at) === 0x30) at += 1;
  else {
    at = behindDigits(at);
    if (at === 0) return 0;
  }
  if (load<u8>(at) === 0x2e) {
    at = behindDigits(at + 1);
    if (at === 0) return 0;
  }
  if ((load<u8>(at) | 0x20) === 0x65) {
    const sign = load<u8>(at, 1);
    at = behindDigits(sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
    if (at === 0) return 0;
  }
  // More digits may follow.
  return at < textEnd ? at : stopAt(at);
}

/** Reads at least one digit. */
function behindDigits(from: usize): usize {
  let at = from;
  while (isDigit(load<u8>(at))) at += 1;
  return at > from ? at : stopAt(at);
}

function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39;
}

/** Returns the address after `true`, `null` or `false`. */
export function behindWord(at: usize): usize {
  if (at + 5 > textEnd) return stopAt(textEnd);
  const word = load<u32>(at);
  if (word === 0x65757274 || word === 0x6c6c756e) return at + 4;
  return word === 0x736c6166 && load<u8>(at, 4) === 0x65 ? at + 5 : stopAt(at);
}

/** Replaces the escapes of a string in place and returns its new end: it never grows. */
export function plainText(from: usize, to: usize): usize {
  let out = from;
  for (let at = from; at < to; ) {
    const byte = load<u8>(at);
    if (byte !== backslash) {
      store<u8>(out, byte);
      out += 1;
      at += 1;
      continue;
    }
    const letter = load<u8>(at, 1);
    if (letter !== 0x75) {
      store<u8>(out, meaningOf(letter));
      out += 1;
      at += 2;
      continue;
    }
    let code = unitAt(at);
    at += 6;
    if ((code & 0xfc00) === 0xd800 && at + 6 <= to && load<u16>(at) === 0x755c) {
      const low = unitAt(at);
      if ((low & 0xfc00) === 0xdc00) {
        code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
        at += 6;
      }
    }
    // Half of a surrogate pair is no character.
    if ((code & 0xfffff800) === 0xd800) {
      loneSurrogates += 1;
      code = 0xfffd;
    }
    out = putUtf8(out, code);
  }
  return out;
}

function meaningOf(letter: u8): u8 {
  switch (letter) {
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return letter;
  }
}

function unitAt(at: usize): i32 {
  return (
    (hexValue(load<u8>(at, 2)) << 12) |
    (hexValue(load<u8>(at, 3)) << 8) |
    (hexValue(load<u8>(at, 4)) << 4) |
    hexValue(load<u8>(at, 5))
  );
}
