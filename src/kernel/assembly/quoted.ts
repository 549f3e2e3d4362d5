const quote: u8 = 0x22;
const lineFeed: u8 = 0x0a;
const carriageReturn: u8 = 0x0d;

/** The ends of the bytes and of the marks written by `readQuotedRow`. */
export let quotedEnd: i32 = 0;
export let quotedMarks: i32 = 0;

/** Whether one of its cells contains a line feed. */
export let quotedHasLineFeed: bool = false;

/**
 * Copies the cells of one row of quoted text without their quotes, each followed by a mark: see
 * `src/parse/columnar/quoted-rows.ts`.
 *
 * @param source Its last byte is `\n`; two bytes after `length` may be read, and are neither `\n`
 * nor quotes.
 * @param target Room for the bytes of the row, and two more.
 * @param marks Room for as many; the mark before the row is already set.
 * @returns The start of the next row in `source`; -1 if the source ends before the row.
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
  quotedHasLineFeed = false;
  for (;;) {
    if (load<u8>(source + at) === quote) {
      at = readQuoted(source, length, at + 1, <u8>delimiter, target);
      if (at < 0) return -1;
    }
    let out = quotedEnd;
    let byte = load<u8>(source + at);
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
  return -1;
}

/**
 * Copies from after an opening quote to after the closing one; returns that position, or -1 if
 * there is no closing quote.
 */
function readQuoted(source: usize, length: i32, from: i32, delimiter: u8, target: usize): i32 {
  const cellFrom = quotedEnd;
  let out = cellFrom;
  for (let at = from; at < length; at += 1) {
    const byte = load<u8>(source + at);
    if (byte === quote) {
      const next = source + at + 1;
      if (load<u8>(next) === quote) {
        at += 1;
      } else if (load<u8>(next) === delimiter || isLineEnd(next) || load<u8>(next) === 0) {
        // csv-parse treats a NUL after a quote as an end too.
        quotedEnd = out;
        return at + 1;
      } else {
        memory.copy(target + cellFrom + 1, target + cellFrom, out - cellFrom);
        store<u8>(target + cellFrom, quote);
        store<u8>(target + out + 1, quote);
        quotedEnd = out + 2;
        return at + 1;
      }
    }
    if (byte === lineFeed) quotedHasLineFeed = true;
    store<u8>(target + out, byte);
    out += 1;
  }
  return -1;
}

function isLineEnd(at: usize): bool {
  const byte = load<u8>(at);
  return byte === lineFeed || (byte === carriageReturn && load<u8>(at, 1) === lineFeed);
}
