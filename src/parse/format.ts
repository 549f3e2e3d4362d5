import { headCharacters } from './limits.js';

/** What a text looks like by its beginning. */
export type TextFormat = 'delimited' | 'JSON' | 'XML' | 'HTML' | 'a binary file';

/**
 * The format of a text, by its beginning. What only looks like JSON or XML counts as such: their
 * readers say what is wrong with it, and no piece of it becomes a table.
 */
export function formatOf(head: string): TextFormat {
  const start = head.trimStart();
  if (start.startsWith('{') || listBeginning.test(start)) return 'JSON';
  const root = rootElement(start);
  if (root !== undefined) return htmlElements.has(root.toLowerCase()) ? 'HTML' : 'XML';
  if (/^<!doctype\s+html\b/i.test(start)) return 'HTML';
  if (/^<(?:[?!]|[\p{L}_][\p{L}\p{N}_:.-]*$)/u.test(start)) return 'XML';
  if (binaryBeginnings.some((beginning) => start.startsWith(beginning))) return 'a binary file';
  return isBinary(start.slice(0, 4000)) ? 'a binary file' : 'delimited';
}

/**
 * Whether so many characters are controls that the bytes are no text. A few may be damage in a
 * short text.
 */
function isBinary(sample: string): boolean {
  const minControls = 3;
  const maxControlShare = 0.03;
  const controls = [...sample.replace(lettersOfOtherCharsets, '')].filter(isControl).length;
  return controls >= minControls && controls > sample.length * maxControlShare;
}

/**
 * In a text of another charset, such as cp850, letters become these within words; in a binary file
 * they have other neighbours too.
 */
const lettersOfOtherCharsets = /(?<=[a-z])[\x80-\x9f\ufffd]|[\x80-\x9f\ufffd](?=[a-z])/gi;

/**
 * The local name of the root element of an XML or HTML text: behind processing instructions,
 * comments and the document type.
 */
export function rootElement(text: string): string | undefined {
  prolog.lastIndex = 0;
  const end = prolog.exec(text)?.[0].length ?? 0;
  elementBeginning.lastIndex = end;
  return elementBeginning.exec(text)?.[1]?.replace(/^.*:/, '');
}

/** A bracket may also begin a header or a remark: `[Date],[Total]`, `[1] Amounts in EUR`. */
const listBeginning =
  /^\[\s*(?:$|["'{[\],:]|\/[/*]|[-+.]?\d[\w.+-]*\s*(?:,|\]\s*$|$)|[-+]?(?:true|false|null|nan|infinity|undefined|none)\b)/i;
const prolog = /(?:\s|<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!doctype(?:[^>[]|\[[^\]]*\])*>)*/iy;
const elementBeginning = /<([\p{L}_][\p{L}\p{N}_:.-]*)[\s/>]/uy;
const htmlElements = new Set(['html', 'head', 'body', 'title', 'h1', 'h2', 'p', 'div', 'center', 'meta']);

/** PDF, a zip archive that is no workbook, and PNG. */
const binaryBeginnings = ['%PDF-', 'PK\u0003\u0004', '\u2030PNG\r\n', '\ufffdPNG\r\n'];

/** Characters that no text has, or that only appear when it is read in the wrong charset. */
function isControl(character: string): boolean {
  const code = character.codePointAt(0) as number;
  return (code < 0x20 && !'\t\n\r\f'.includes(character)) || (code >= 0x7f && code < 0xa0) || code === 0xfffd;
}

/** Reads as much of a text as shows its format and header. */
export async function readHead(text: AsyncIterable<string>): Promise<string> {
  let head = '';
  for await (const chunk of text) {
    head += chunk;
    if (head.length >= headCharacters) break;
  }
  return head;
}
