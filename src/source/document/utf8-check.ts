import { isAscii, isUtf8 } from 'node:buffer';
import { GarbledText } from './garbled-text.js';

/**
 * What a check of all bytes of a text found. Not all characters are counted if they are very many.
 */
export interface Utf8Finding {
  /** Whether every byte belongs to a well-formed character. */
  isValid: boolean;
  /** Whether there is a character of more than one byte. */
  hasLongCharacters: boolean;
  /** Bytes that belong to no character. */
  badBytes: number;
  /** The offset of the first of them; -1 if there is none. */
  firstBadByte: number;
  /** Bad bytes that are a letter or a mark of Western languages, beside an ASCII character. */
  westernBytes: number;
  /** Bad bytes that begin a character of Japanese kana in Shift_JIS. */
  kanaBytes: number;
  /** Characters of more than one byte. */
  goodCharacters: number;
  /** Characters of three bytes or more. */
  wideCharacters: number;
  /** Latin letters of two bytes. */
  latinLetters: number;
  /** Latin letters of two bytes behind a letter of ASCII. */
  lettersInWords: number;
  /**
   * Characters whose bytes no text of a Western charset has, such as a sign before a letter.
   */
  tellingCharacters: number;
}

const enoughCharacters = 20_000;
/** More characters say no more about their charset. */
export const enoughTelling = 200;

/** Checks bytes for UTF-8 while they pass; characters may be split anywhere. */
export class Utf8Check {
  private readonly finding: Utf8Finding = {
    isValid: true,
    hasLongCharacters: false,
    badBytes: 0,
    firstBadByte: -1,
    westernBytes: 0,
    kanaBytes: 0,
    goodCharacters: 0,
    wideCharacters: 0,
    latinLetters: 0,
    lettersInWords: 0,
    tellingCharacters: 0,
  };
  readonly garbled = new GarbledText();
  private rest = Buffer.alloc(0);
  /** Bytes before those that are checked now. */
  private checked = 0;

  add(chunk: Buffer): void {
    const joined = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    const end = lastCharacterEnd(joined);
    this.check(joined.subarray(0, end));
    this.rest = Buffer.from(joined.subarray(end));
  }

  /** Counts only whole characters. */
  soFar(): Utf8Finding {
    return this.finding;
  }

  /** After the last byte. */
  end(): Utf8Finding {
    this.check(this.rest);
    this.rest = Buffer.alloc(0);
    return this.finding;
  }

  private check(bytes: Buffer): void {
    const isValid = isUtf8(bytes);
    if (!isValid || !isAscii(bytes)) this.look(bytes, isValid);
    this.checked += bytes.length;
  }

  private look(bytes: Buffer, isValid: boolean): void {
    const { finding } = this;
    finding.hasLongCharacters = true;
    // A text with this many good characters needs no more of them.
    if (isValid && finding.goodCharacters >= enoughCharacters) return;
    if (isValid) {
      const from = this.addFirstCharacters(bytes);
      finding.goodCharacters += longCharacters(bytes.subarray(from));
      return;
    }
    finding.isValid = false;
    for (let at = 0; at < bytes.length; ) {
      const length = characterLength(bytes, at);
      if (length > 1) this.addCharacter(bytes, at, length);
      if (length === 0) this.addBadByte(bytes, at);
      at += Math.max(1, length);
    }
  }

  /** Looks at characters of valid text until it has seen enough. Returns where it ended. */
  private addFirstCharacters(bytes: Buffer): number {
    let at = 0;
    for (; at < bytes.length && this.finding.goodCharacters < enoughTelling; at += 1) {
      const byte = bytes[at] as number;
      if (byte >= 0xc0) this.addCharacter(bytes, at, lengthBy(byte));
    }
    return at;
  }

  private addCharacter(bytes: Buffer, at: number, length: number): void {
    const { finding } = this;
    const first = bytes[at] as number;
    finding.goodCharacters += 1;
    if (finding.goodCharacters <= enoughTelling)
      this.garbled.add(bytes.toString('utf8', at, at + length), this.checked + at, length);
    if (length > 2) finding.wideCharacters += 1;
    const isLatin = first >= 0xc3 && first <= 0xc5;
    if (isLatin) finding.latinLetters += 1;
    if (isLatin && isLetter(bytes[at - 1])) finding.lettersInWords += 1;
    if (length > 2 || !isWesternPair(bytes, at)) finding.tellingCharacters += 1;
  }

  private addBadByte(bytes: Buffer, at: number): void {
    const { finding } = this;
    const byte = bytes[at] as number;
    const next = bytes[at + 1] ?? 0x20;
    if (finding.firstBadByte < 0) finding.firstBadByte = this.checked + at;
    finding.badBytes += 1;
    const isBeside = (bytes[at - 1] ?? 0x20) < 0x80 || next < 0x80;
    if (isBeside && westernBytes.has(byte)) finding.westernBytes += 1;
    if ((byte === 0x82 && next >= 0x9f) || (byte === 0x83 && next >= 0x40 && next <= 0x96))
      finding.kanaBytes += 1;
  }
}

/** Signs of Windows-1252 that stand behind a word. */
const signs = bytesOf('80 85 91-97 99 9b a0 a9 ab ae b0 b2 b3 b7 bb');
/** What Western languages write in Windows-1252. */
const westernBytes = bytesOf(
  '80 84 85 8c 91-97 99 9c a0 a1 a3 a7 a9-ab ae b0 b2-b4 b7 ba bb bf-cf d1-d6 d8-dc df-ef f1-f6 f8-fc ff',
);
const apostrophe = 0x92;

/**
 * Whether the two bytes of a character may be a letter at the end of a word and a sign in
 * Windows-1252, as in `CAFÉ™` or `Maß®`.
 */
function isWesternPair(bytes: Buffer, at: number): boolean {
  const [letter, sign] = [bytes[at] as number, bytes[at + 1] as number];
  const before = bytes[at - 1] ?? 0x20;
  const isEnd = letter === 0xdf ? isLetter(before) : letter !== 0xc2 && before < 0x80 && !isSmall(before);
  return isEnd && signs.has(sign) && (sign === apostrophe || !isSmall(bytes[at + 2]));
}

function isSmall(byte = 0): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}

function isLetter(byte = 0): boolean {
  return isSmall(byte) || (byte >= 0x41 && byte <= 0x5a);
}

/** A set from hexadecimal numbers and ranges. */
function bytesOf(ranges: string): Set<number> {
  const bytes = new Set<number>();
  for (const range of ranges.split(' ')) {
    const [first = 0, last = first] = range.split('-').map((text) => Number.parseInt(text, 16));
    for (let byte = first; byte <= last; byte += 1) bytes.add(byte);
  }
  return bytes;
}

/** Bytes of the character at an offset; 0 if there is none. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = lengthBy(first);
  return first >= 0xc2 && isUtf8(bytes.subarray(at, at + length)) && at + length <= bytes.length ? length : 0;
}

/** Counts the characters of more than one byte in a text of whole characters. */
function longCharacters(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += 1) if ((bytes[at] as number) >= 0xc0) count += 1;
  return count;
}

/** Bytes of a character by its first byte, if it has more than one. */
function lengthBy(first: number): number {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

/** The offset after the last whole character; at most three bytes are left over. */
function lastCharacterEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    const length = lengthBy(byte);
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
