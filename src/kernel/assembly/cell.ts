/**
 * Cells of rows that were cut out of a text. `rows` is an array of 32-bit integers: the first mark
 * of each row. The cell at `column`, counted from the left, lies between the mark with that offset
 * and the next one; a cell that a short row lacks has a length of -1.
 */

const quote: u8 = 0x22;

/**
 * Forms of a cell: 0 is text as it is; the second is text whose surrounding quotes are stripped;
 * the third is JSON, in which an empty text is a value.
 */
const outerQuotes: i32 = 1;
const jsonValue: i32 = 2;

/** Returns the position of the mark before a cell. */
export function markOf(marks: usize, rows: usize, row: i32, column: i32): usize {
  return marks + ((<usize>(load<i32>(rows + ((<usize>row) << 2)) + column)) << 2);
}

/** Returns the start of the text of the cell after a mark. */
export function cellStart(text: usize, mark: usize, form: i32): usize {
  const start = text + load<i32>(mark) + 1;
  return form === outerQuotes && isQuoted(text, mark) ? start + 1 : start;
}

/** Returns the length of that text in bytes; less than 0 for a cell that its row lacks. */
export function cellLength(text: usize, mark: usize, form: i32): i32 {
  const length = load<i32>(mark, 4) - load<i32>(mark) - 1;
  return form === outerQuotes && isQuoted(text, mark) ? length - 2 : length;
}

/** The minimum length of a text. */
export function minLength(form: i32): i32 {
  return form === jsonValue ? 0 : 1;
}

function isQuoted(text: usize, mark: usize): bool {
  const start = text + load<i32>(mark) + 1;
  const end = text + load<i32>(mark, 4);
  return <i32>end - <i32>start > 1 && load<u8>(start) === quote && load<u8>(end - 1) === quote;
}

/** Whether any row has content in the cell at `column`. */
export function hasContent(text: usize, marks: usize, rows: usize, count: i32, column: i32, form: i32): bool {
  for (let row = 0; row < count; row += 1) {
    if (cellLength(text, markOf(marks, rows, row, column), form) > 0) return true;
  }
  return false;
}

/**
 * Counts, for each row, the cells whose length is unusual.
 *
 * @param usual A bit for each usual length: bit 0 for an empty cell, bit 31 for more than 30 bytes.
 * @param counts One byte for each row, to which 1 is added.
 * @returns The maximum of those that were added to.
 */
export function countUnusual(
  text: usize,
  marks: usize,
  rows: usize,
  count: i32,
  place: i32,
  form: i32,
  usual: i32,
  counts: usize,
): i32 {
  let most: i32 = 0;
  for (let row = 0; row < count; row += 1) {
    const length = cellLength(text, markOf(marks, rows, row, place), form);
    if (((usual >>> min(max(length, 0), 31)) & 1) !== 0) continue;
    const counted = <i32>load<u8>(counts + row) + 1;
    store<u8>(counts + row, <u8>counted);
    most = max(most, counted);
  }
  return most;
}
