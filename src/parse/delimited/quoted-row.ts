/**
 * Cells of quoted text, as in RFC 4180: a quote opens a cell, and the next quote before a delimiter
 * or line end closes it; two quotes inside are one. Blanks before the opening quote and behind the
 * closing one do not belong to the cell. Quotes in a cell that begins with something else are data.
 * The kernel's `readQuotedRow` follows the same rules.
 */

const quote = '"';

/** A row as read from its first character on. */
export type ScannedRow =
  /** `end` is the index behind its line end; `hasQuotes` whether a cell is quoted. */
  | { kind: 'regular'; cells: string[]; end: number; hasQuotes: boolean }
  /** Something else than a delimiter or line end follows a closing quote. */
  | { kind: 'irregular' }
  /** The text ends inside a quoted cell. */
  | { kind: 'open' };

/** Reads the row at `from`. Its last line needs no line end. */
export function scanRow(text: string, from: number, delimiter: string, lineEnd: '\n' | '\r'): ScannedRow {
  const cells: string[] = [];
  let hasQuotes = false;
  let at = from;
  for (;;) {
    const open = skipBlanks(text, at);
    let end: number;
    if (text[open] === quote) {
      hasQuotes = true;
      let close = text.indexOf(quote, open + 1);
      while (close >= 0 && text[close + 1] === quote) close = text.indexOf(quote, close + 2);
      if (close < 0) return { kind: 'open' };
      end = skipBlanks(text, close + 1);
      if (text[end] !== delimiter && lineEndAt(text, end, lineEnd) === 0) return { kind: 'irregular' };
      cells.push(text.slice(open + 1, close).replaceAll('""', quote));
    } else {
      end = at;
      while (text[end] !== delimiter && lineEndAt(text, end, lineEnd) === 0) end += 1;
      cells.push(text.slice(at, end));
    }
    if (text[end] !== delimiter) {
      return { kind: 'regular', cells, end: end + lineEndAt(text, end, lineEnd), hasQuotes };
    }
    at = end + 1;
  }
}

/** Returns the index of the first character from `at` on that is no blank. */
export function skipBlanks(text: string, at: number): number {
  let next = at;
  while (text[next] === ' ') next += 1;
  return next;
}

/** The length of the line end at an index, 0 if there is none. The end of the text is one. */
function lineEndAt(text: string, at: number, lineEnd: '\n' | '\r'): number {
  if (at >= text.length) return 1;
  if (text[at] === lineEnd) return 1;
  return lineEnd === '\n' && text[at] === '\r' && text[at + 1] === '\n' ? 2 : 0;
}
