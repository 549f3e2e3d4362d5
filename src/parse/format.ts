import { headCharacters } from './limits.js';

/** What the beginning of a text looks like. */
export type TextFormat = 'delimited' | 'JSON' | 'XML' | 'HTML' | 'a binary file';

/** The format of a text, by its beginning. */
export function formatOf(head: string): TextFormat {
  const start = head.trimStart();
  if (/^\{\s*["}]|^\[\s*(?:["{[\]]|-?\d|true\b|false\b|null\b)/.test(start)) return 'JSON';
  if (/^<(!doctype\s+html|html)\b/i.test(start)) return 'HTML';
  if (/^<(\?xml|!DOCTYPE|!--|[A-Za-z][\w:.-]*[\s/>])/.test(start)) return 'XML';
  if (binaryBeginnings.some((beginning) => start.startsWith(beginning))) return 'a binary file';
  const maxControlShare = 0.03;
  const sample = [...start.slice(0, 4000)];
  const controls = sample.filter(isControl).length;
  return controls > sample.length * maxControlShare ? 'a binary file' : 'delimited';
}

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
