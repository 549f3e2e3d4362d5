const lineFeed: i8 = 0x0a;
const carriageReturn: i8 = 0x0d;

/**
 * Finds the marks of a text in which every delimiter and line end is one: the positions of the
 * delimiter, of `\n`, and of `\r` right before `\n`, as 32-bit integers. No UTF-8 character
 * contains any of them. It examines 64 bytes at a time.
 *
 * @param text Its last byte is `\n`; 64 bytes after `length` may be read, and are no marks.
 * @param marks Its first element is the mark before the first cell, -1, and is written too.
 * @param lineEnds Receives 0, then for each `\n` the index of its mark.
 * @returns The number of lines.
 */
export function findMarks(text: usize, length: i32, delimiter: i32, marks: usize, lineEnds: usize): i32 {
  const delimiters = i8x16.splat(<i8>delimiter);
  const lineFeeds = i8x16.splat(lineFeed);
  const carriageReturns = i8x16.splat(carriageReturn);
  store<i32>(marks, -1);
  store<i32>(lineEnds, 0);
  let out = marks + 4;
  let lineOut = lineEnds + 4;
  for (let at = 0; at < length; at += 64) {
    const from = text + at;
    const first = v128.load(from);
    const second = v128.load(from, 16);
    const third = v128.load(from, 32);
    const fourth = v128.load(from, 48);
    const feeds = mask64(
      i8x16.eq(first, lineFeeds),
      i8x16.eq(second, lineFeeds),
      i8x16.eq(third, lineFeeds),
      i8x16.eq(fourth, lineFeeds),
    );
    let found =
      feeds |
      mask64(
        i8x16.eq(first, delimiters),
        i8x16.eq(second, delimiters),
        i8x16.eq(third, delimiters),
        i8x16.eq(fourth, delimiters),
      );
    const returns = mask64(
      i8x16.eq(first, carriageReturns),
      i8x16.eq(second, carriageReturns),
      i8x16.eq(third, carriageReturns),
      i8x16.eq(fourth, carriageReturns),
    );
    if (returns !== 0) {
      const feedBehind: u64 = load<u8>(from, 64) === 0x0a ? 1 : 0;
      found |= returns & ((feeds >> 1) | (feedBehind << 63));
    }
    const marksBefore = <i32>((out - marks) >>> 2);
    for (let rest = feeds; rest !== 0; rest &= rest - 1) {
      const below = (rest & (~rest + 1)) - 1;
      store<i32>(lineOut, marksBefore + <i32>popcnt<u64>(found & below));
      lineOut += 4;
    }
    // Writes eight at a time without a check between them: surplus ones are overwritten.
    const end = out + ((<usize>popcnt<u64>(found)) << 2);
    while (out < end) {
      for (let each: usize = 0; each < 32; each += 4) {
        store<i32>(out + each, at + <i32>ctz<u64>(found));
        found &= found - 1;
      }
      out += 32;
    }
    out = end;
  }
  return <i32>((lineOut - lineEnds) >>> 2) - 1;
}

function mask64(first: v128, second: v128, third: v128, fourth: v128): u64 {
  return (
    <u64>i8x16.bitmask(first) |
    ((<u64>i8x16.bitmask(second)) << 16) |
    ((<u64>i8x16.bitmask(third)) << 32) |
    ((<u64>i8x16.bitmask(fourth)) << 48)
  );
}

/**
 * Takes rows from line `line` on as long as each has `width` cells, or more of which the surplus is
 * empty.
 *
 * @param first Receives for each row the mark before its first cell.
 * @param maxRows The maximum number of rows.
 * @returns The number of rows taken; the next line is different, or there is none.
 */
export function cutRows(
  text: usize,
  marks: usize,
  lineEnds: usize,
  line: i32,
  lineCount: i32,
  width: i32,
  first: usize,
  maxRows: i32,
): i32 {
  const end = min(lineCount, line + maxRows);
  let before = load<i32>(lineEnds + ((<usize>line) << 2));
  let out = first;
  let at = line;
  for (; at < end; at += 1) {
    const lineEnd = load<i32>(lineEnds + ((<usize>(at + 1)) << 2));
    let last = lineEnd;
    if (last - 1 > before) {
      const mark = load<i32>(marks + ((<usize>(last - 1)) << 2));
      if (load<u8>(text + mark) === 0x0d) last -= 1;
    }
    const cells = last - before;
    if (cells !== width && !(cells > width && isEmpty(marks, before + width, last))) break;
    store<i32>(out, before);
    out += 4;
    before = lineEnd;
  }
  return at - line;
}

/** Whether all cells from the mark `from` to the mark `to` are empty. */
function isEmpty(marks: usize, from: i32, to: i32): bool {
  return load<i32>(marks + ((<usize>to) << 2)) - load<i32>(marks + ((<usize>from) << 2)) === to - from;
}
