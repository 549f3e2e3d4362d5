import { isUtf8 } from 'node:buffer';

/** What a text that somebody read in the wrong charset before it was written looks like. */
export interface GarbledFinding {
  /** Such a character as it stands in the text and as it was, for example `Ã©` and `é`. */
  found: string;
  meant: string;
}

/**
 * Finds letters in UTF-8 that somebody read as Windows-1252 and wrote in UTF-8 again: `Café` became
 * `CafÃ©`. Nothing is wrong with the bytes of such a text.
 */
export class GarbledText {
  private first: GarbledFinding | undefined;
  private seen = 0;
  private garbled = 0;
  private run: { codes: number[]; text: string; endsAt: number } = { codes: [], text: '', endsAt: -1 };

  /** Takes a character beyond ASCII; `at` is its offset in the text, `length` in bytes. */
  add(character: string, at: number, length: number): void {
    this.seen += 1;
    const code = westernCode(character);
    if (code === undefined) return;
    const isNext = this.run.endsAt === at && isContinuation(code);
    const codes = isNext ? [...this.run.codes, code] : [code];
    const text = isNext ? this.run.text + character : character;
    this.run = { codes, text, endsAt: at + length };
    if (codes.length !== lengthOf(codes[0] as number)) return;
    const bytes = Buffer.from(codes);
    if (!isUtf8(bytes)) return;
    this.garbled += codes.length;
    this.first ??= { found: text, meant: bytes.toString() };
  }

  /** An example if most characters are garbled; undefined otherwise. */
  finding(): GarbledFinding | undefined {
    // A few may stand in one text that a seller pasted; the others show that the document is right.
    const [minCharacters, minShare] = [6, 0.5];
    return this.garbled >= minCharacters && this.garbled >= this.seen * minShare ? this.first : undefined;
  }
}

const decoder = new TextDecoder('windows-1252');
const codes = new Map(
  Array.from({ length: 0x80 }, (_, index) => [decoder.decode(Uint8Array.of(0x80 + index)), 0x80 + index]),
);

/** The byte of a character in Windows-1252, or of one that is the same number in Latin-1. */
function westernCode(character: string): number | undefined {
  const code = character.charCodeAt(0);
  return codes.get(character) ?? (code <= 0xff ? code : undefined);
}

function isContinuation(code: number): boolean {
  return code < 0xc0;
}

/**
 * How many characters a garbled one became, by its first byte: Latin, Greek and Cyrillic letters
 * two, signs and Asian characters three. Before other letters, such as `É` of `CAFÉ™`, a sign is
 * nothing unusual.
 */
function lengthOf(code: number): number {
  if (code >= 0xe2 && code <= 0xef) return 3;
  return (code >= 0xc2 && code <= 0xc5) || (code >= 0xce && code <= 0xd1) ? 2 : 0;
}
