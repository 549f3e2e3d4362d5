import { isAscii, isUtf8 } from 'node:buffer';

/** What a check of all bytes of a text found. */
export interface Utf8Finding {
  /** Whether every byte belongs to a well-formed character. */
  isValid: boolean;
  /** Whether there is a character of more than one byte. */
  hasLongCharacters: boolean;
  /** Bytes that belong to no character. */
  badBytes: number;
  /** Characters of more than one byte; not all are counted if there are very many. */
  goodCharacters: number;
}

const enoughCharacters = 20_000;

/** Checks bytes for UTF-8 while they pass; characters may be split anywhere. */
export class Utf8Check {
  private readonly finding: Utf8Finding = {
    isValid: true,
    hasLongCharacters: false,
    badBytes: 0,
    goodCharacters: 0,
  };
  private rest = Buffer.alloc(0);

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
    if (isValid && isAscii(bytes)) return;
    this.finding.hasLongCharacters = true;
    // A text with this many good characters needs no more of them.
    if (isValid && this.finding.goodCharacters >= enoughCharacters) return;
    if (isValid) {
      this.finding.goodCharacters += longCharacters(bytes);
      return;
    }
    this.finding.isValid = false;
    for (let at = 0; at < bytes.length; ) {
      const length = characterLength(bytes, at);
      if (length > 1) this.finding.goodCharacters += 1;
      if (length === 0) this.finding.badBytes += 1;
      at += Math.max(1, length);
    }
  }
}

/** Counts the characters of more than one byte in a text of whole characters. */
function longCharacters(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += 1) if ((bytes[at] as number) >= 0xc0) count += 1;
  return count;
}

/** Bytes of the character at an offset; 0 if there is none. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return first >= 0xc2 && isUtf8(bytes.subarray(at, at + length)) && at + length <= bytes.length ? length : 0;
}

/** The offset after the last whole character; at most three bytes are left over. */
function lastCharacterEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
