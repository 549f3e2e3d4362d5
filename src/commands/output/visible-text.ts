import stringWidth from 'string-width';

/**
 * Returns text from a document or a query in a form that is safe for a terminal. Control
 * characters, and those that change the writing direction, become escapes such as `\t` and `\x1b`,
 * so that no value can move the cursor or color the screen.
 */
export function visible(text: string): string {
  return text.replace(unsafe, escaped);
}

/** Returns the width of a text on a terminal; wide characters take two columns. */
export function displayWidth(text: string): number {
  return plain.test(text) ? text.length : stringWidth(text);
}

/** Returns the text or, if it is too wide, its beginning and an ellipsis. */
export function cutText(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let keptWidth = 0;
  for (const { segment } of graphemes.segment(text)) {
    keptWidth += displayWidth(segment);
    if (keptWidth > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Wraps a text at `width` columns, between words if possible, and indents every line. */
export function wrapText(text: string, width: number | undefined, indent: string): string {
  const room = Math.max(20, (width ?? Number.POSITIVE_INFINITY) - indent.length);
  return wrapLines(text, room)
    .map((line) => `${indent}${line}\n`)
    .join('');
}

/** The lines of a text of at most `room` columns, broken between words if possible. */
export function wrapLines(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\s)(?=\S)/)) {
    if (displayWidth((line + word).trimEnd()) <= room) {
      line += word;
      continue;
    }
    if (line.trim() !== '') lines.push(line.trimEnd());
    const pieces = piecesOf(word, room);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  lines.push(line.trimEnd());
  return lines;
}

const plain = /^[\x20-\x7e]*$/;

const graphemes = new Intl.Segmenter();

// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression looks for them.
const unsafe = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const named: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return (
    named[character] ?? (code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`)
  );
}

/** A word that is too long is broken behind a mark, if there is one in the second half. */
function piecesOf(word: string, room: number): string[] {
  if (displayWidth(word.trimEnd()) <= room) return [word];
  const pieces: string[] = [];
  let piece = '';
  for (const { segment } of graphemes.segment(word)) {
    if (displayWidth(piece + segment) > room && piece !== '') {
      const [, before = '', behind = ''] = /^(.*[_/,.-])(.*)$/.exec(piece) ?? [];
      const isEarly = before.length < piece.length / 2;
      pieces.push(isEarly ? piece : before);
      piece = isEarly ? '' : behind;
    }
    piece += segment;
  }
  return [...pieces, piece];
}
