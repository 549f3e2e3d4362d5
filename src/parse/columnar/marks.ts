const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Bytes behind the text of a slab, so that whole words can be read and written at its end. */
export const slackBytes = 8;

/**
 * Finds the marks of a text in which every delimiter and line end is one: the places of the delimiter, of `\n`, and of `\r` right before
 * `\n`. UTF-8 has none of them within a character. Four bytes are looked at together, as most hold no mark.
 * @param words The text as 32-bit words, the first byte lowest; behind its `length` come bytes that are no marks.
 * @param out Gets the places from `outFrom` on; it must have room for `length` of them.
 * @returns Where they end.
 */
export function findMarks(
  words: Int32Array,
  length: number,
  delimiter: number,
  out: Int32Array,
  outFrom: number,
): number {
  const delimiters = Math.imul(delimiter, 0x01010101);
  let count = outFrom;
  const wordCount = (length + 3) >> 2;
  for (let index = 0; index < wordCount; index += 1) {
    const word = words[index] as number;
    const differs = word ^ delimiters;
    // The usual tests of four bytes at once: one of them below 14, one of them zero.
    const found = ((word - 0x0e0e0e0e) & ~word) | ((differs - 0x01010101) & ~differs);
    if ((found & 0x80808080) === 0) continue;
    const at = index << 2;
    const first = word & 0xff;
    const second = (word >>> 8) & 0xff;
    const third = (word >>> 16) & 0xff;
    const fourth = word >>> 24;
    if (first === delimiter || first === lineFeed || (first === carriageReturn && second === lineFeed)) {
      out[count] = at;
      count += 1;
    }
    if (second === delimiter || second === lineFeed || (second === carriageReturn && third === lineFeed)) {
      out[count] = at + 1;
      count += 1;
    }
    if (third === delimiter || third === lineFeed || (third === carriageReturn && fourth === lineFeed)) {
      out[count] = at + 2;
      count += 1;
    }
    if (
      fourth === delimiter ||
      fourth === lineFeed ||
      (fourth === carriageReturn && ((words[index + 1] as number) & 0xff) === lineFeed)
    ) {
      out[count] = at + 3;
      count += 1;
    }
  }
  return count;
}
