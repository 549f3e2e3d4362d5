import iconv from 'iconv-lite';

/** What the bytes of a text have that its charset does not define. */
export interface UndefinedBytes {
  count: number;
  /** The first one is not before this offset. */
  from: number;
}

/** The state of iconv-lite's decoder of charsets with characters of several bytes. */
interface TableDecoder {
  defaultCharUnicode: string;
  /** The bytes of the character that has begun. */
  prevBytes: number[];
  nodeIdx: number;
}

/** Decodes a text piece by piece; characters may be split anywhere. */
export class TextDecoding {
  private readonly decoder: ReturnType<typeof iconv.getDecoder>;
  /** The same decoder if it has a table of characters of several bytes. */
  private readonly tableDecoder: TableDecoder | undefined;
  private readonly isUtf16: boolean;
  private readonly undefinedCharacter: RegExp | undefined;
  private bytesRead = 0;
  /** The first half of a surrogate pair whose second half has not arrived yet. */
  private half = '';
  /**
   * Bytes without a character, each replaced by U+FFFD; not for UTF-8, which `Utf8Check` checks.
   */
  readonly undefinedBytes: UndefinedBytes = { count: 0, from: 0 };

  constructor(charset: string) {
    this.decoder = iconv.getDecoder(charset === 'cp932' ? windows31j() : charset);
    this.isUtf16 = charset.startsWith('utf-16');
    if ('prevBytes' in this.decoder) {
      this.tableDecoder = this.decoder as unknown as TableDecoder;
      // A text may have U+FFFD as a character, but never half a surrogate pair.
      this.tableDecoder.defaultCharUnicode = loneHalf;
      this.undefinedCharacter = /\udfff/gu;
    } else if (this.isUtf16) this.undefinedCharacter = /\p{Surrogate}/gu;
    else if (charset !== 'utf-8') this.undefinedCharacter = undefinedCharacters[charset] ?? /\ufffd/g;
  }

  write(bytes: Uint8Array): string {
    const text = this.half + this.decoder.write(this.withBegun(bytes));
    this.half = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
    const decoded = this.settled(this.half ? text.slice(0, -1) : text);
    this.bytesRead += bytes.length;
    return decoded;
  }

  end(): string {
    const last = this.settled(this.half + (this.decoder.end() ?? ''));
    // The decoder drops the last byte of a text in UTF-16 with an odd number of bytes.
    if (!this.isUtf16 || this.bytesRead % 2 === 0) return last;
    this.add(1);
    return last + replacement;
  }

  /**
   * The bytes behind those of the character that has begun. The decoder would keep these itself,
   * but has no room for what they become, and drops the end of the text.
   */
  private withBegun(bytes: Uint8Array): Buffer {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const begun = this.tableDecoder?.prevBytes ?? [];
    if (!this.tableDecoder || begun.length === 0) return buffer;
    this.tableDecoder.prevBytes = [];
    this.tableDecoder.nodeIdx = 0;
    return Buffer.concat([Uint8Array.from(begun), buffer]);
  }

  private settled(text: string): string {
    if (!this.undefinedCharacter) return text;
    const found = text.match(this.undefinedCharacter)?.length ?? 0;
    if (found === 0) return text;
    this.add(this.isUtf16 ? found * 2 : found);
    return text.replace(this.undefinedCharacter, replacement);
  }

  private add(count: number): void {
    if (this.undefinedBytes.count === 0) this.undefinedBytes.from = this.bytesRead;
    this.undefinedBytes.count += count;
  }
}

const replacement = '\ufffd';
const loneHalf = '\udfff';

/** Controls that these charsets define, and no text has: its bytes are of a Windows charset. */
const undefinedCharacters: Record<string, RegExp> = {
  'iso-8859-2': /[\u0080-\u009f]/g,
  'iso-8859-15': /[\u0080-\u009f]/g,
};

/**
 * Decodes bytes to text while they pass. Omits the byte order mark of a Unicode charset. `onEnd`
 * receives what the charset does not define.
 */
export async function* decodeText(
  bytes: AsyncIterable<Uint8Array>,
  charset: string,
  onEnd?: (found: UndefinedBytes) => void,
): AsyncGenerator<string> {
  const decoding = new TextDecoding(charset);
  for await (const chunk of bytes) {
    const text = decoding.write(chunk);
    if (text) yield text;
  }
  const last = decoding.end();
  onEnd?.(decoding.undefinedBytes);
  if (last) yield last;
}

/** The line and the value of the first byte that the charset does not define. */
export async function firstUndefined(
  bytes: AsyncIterable<Uint8Array>,
  charset: string,
  { from }: UndefinedBytes,
): Promise<{ line: number; byte: string }> {
  const decoding = new TextDecoding(charset);
  let line = 1;
  let at = 0;
  /** Bytes of the character that has begun. */
  let begun: number[] = [];
  for await (const chunk of bytes) {
    const known = Math.max(0, Math.min(chunk.length, from - at));
    line += lineFeeds(decoding.write(chunk.subarray(0, known)));
    at += known;
    for (const byte of chunk.subarray(known)) {
      begun.push(byte);
      const text = charset === 'utf-8' ? '' : decoding.write(Uint8Array.of(byte));
      if (charset === 'utf-8' || decoding.undefinedBytes.count > 0) return { line, byte: shown(begun) };
      if (text !== '') begun = [];
      line += lineFeeds(text);
    }
    at = Math.max(at, from);
  }
  return { line, byte: shown(begun) };
}

function shown([byte = 0]: number[]): string {
  return `0x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/**
 * The name of Windows-31J in iconv-lite, whose own table ends before the last 187 characters for
 * private use.
 */
function windows31j(): string {
  const name = 'windows31jwhole';
  // Loads the registry of encodings.
  iconv.getCodec('shiftjis');
  const encodings = iconv.encodings as unknown as Record<string, { table(): unknown[] }>;
  const { shiftjis } = encodings;
  encodings[name] ??= {
    ...shiftjis,
    table: () => [
      ...(shiftjis?.table() ?? []),
      ['f941', characters(0xe69d, 0xe6da)],
      ['f980', characters(0xe6db, 0xe757)],
    ],
  };
  return name;
}

function characters(first: number, last: number): string {
  return String.fromCharCode(...Array.from({ length: last - first + 1 }, (_, index) => first + index));
}
