const quote: u8 = 0x22;
const lineFeed: u8 = 0x0a;
const carriageReturn: u8 = 0x0d;

const blank: u8 = 0x20;

/** The ends of the bytes and of the marks written by `readQuotedRow`. */
export let quotedEnd: i32 = 0;
export let quotedMarks: i32 = 0;

/** Whether one of its cells is quoted, and whether one contains a line feed. */
export let quotedCells: bool = false;
export let quotedHasLineFeed: bool = false;

const open: i32 = -1;
const irregular: i32 = -2;

/**
 * Copies the cells of one row of quoted text without their quotes, each followed by a mark: see
 * `src/parse/delimited/quoted-row.ts`.
 *
 * @param source Its last byte is `\n`; two bytes after `length` may be read, and are neither `\n`
 * nor quotes.
 * @param target Room for the bytes of the row, and two more.
 * @param marks Room for as many; the mark before the row is already set.
 * @returns The start of the next row in `source`; -1 if the source ends before the row; -2 if
 * something else than a delimiter or line end follows a closing quote.
 */
export function readQuotedRow(
  source: usize,
  length: i32,
  from: i32,
  delimiter: i32,
  target: usize,
  targetFrom: i32,
  marks: usize,
  marksFrom: i32,
): i32 {
  let at = from;
  quotedEnd = targetFrom;
  quotedMarks = marksFrom;
  quotedCells = false;
  quotedHasLineFeed = false;
  for (;;) {
    let byte = load<u8>(source + at);
    if (byte === blank) byte = load<u8>(source + skipBlanks(source, at));
    if (byte === quote) {
      quotedCells = true;
      at = readQuoted(source, length, skipBlanks(source, at) + 1, <u8>delimiter, target);
      if (at < 0) return at;
    }
    let out = quotedEnd;
    byte = load<u8>(source + at);
    while (byte !== delimiter && !isLineEnd(source + at)) {
      store<u8>(target + out, byte);
      out += 1;
      at += 1;
      byte = load<u8>(source + at);
    }
    store<u8>(target + out, 0);
    store<i32>(marks + ((<usize>quotedMarks) << 2), out);
    quotedMarks += 1;
    quotedEnd = out + 1;
    at += 1;
    if (byte !== delimiter) return byte === lineFeed ? at : at + 1;
  }
  return open;
}

/**
 * Copies from after an opening quote to before the closing one; returns the position of the
 * delimiter or line end behind it, or a negative number as `readQuotedRow` does.
 */
function readQuoted(source: usize, length: i32, from: i32, delimiter: u8, target: usize): i32 {
  let out = quotedEnd;
  for (let at = from; at < length; at += 1) {
    const byte = load<u8>(source + at);
    if (byte === quote) {
      if (load<u8>(source + at + 1) === quote) {
        at += 1;
      } else {
        const end = skipBlanks(source, at + 1);
        if (load<u8>(source + end) !== delimiter && !isLineEnd(source + end)) return irregular;
        quotedEnd = out;
        return end;
      }
    }
    if (byte === lineFeed) quotedHasLineFeed = true;
    store<u8>(target + out, byte);
    out += 1;
  }
  return open;
}

function skipBlanks(source: usize, from: i32): i32 {
  let at = from;
  while (load<u8>(source + at) === blank) at += 1;
  return at;
}

function isLineEnd(at: usize): bool {
  const byte = load<u8>(at);
  return byte === lineFeed || (byte === carriageReturn && load<u8>(at, 1) === lineFeed);
}
