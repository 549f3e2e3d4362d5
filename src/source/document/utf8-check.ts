import { isAscii, isUtf8 } from 'node:buffer';

/** What a look at all bytes of a text showed. */
export interface Utf8Finding {
  /** Whether every byte is of a well-formed character. */
  isValid: boolean;
  /** Whether there is a character of more than one byte. */
  hasLongCharacters: boolean;
  /** Bytes that belong to no character. */
  badBytes: number;
  /** Characters of more than one byte; of very many not all are counted. */
  goodCharacters: number;
}

const enoughCharacters = 20_000;

/** Checks bytes for UTF-8 while they pass; characters may be cut anywhere. */
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

  /** Of the characters that are whole. */
  soFar(): Utf8Finding {
    return this.finding;
  }

  /** Behind the last byte. */
  end(): Utf8Finding {
    this.check(this.rest);
    this.rest = Buffer.alloc(0);
    return this.finding;
  }

  private check(bytes: Buffer): void {
    const isValid = isUtf8(bytes);
    if (isValid && isAscii(bytes)) return;
    this.finding.hasLongCharacters = true;
    // A text with so many good characters needs no more of them.
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

/** How many characters of more than one byte are in a text of whole ones. */
function longCharacters(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += 1) if ((bytes[at] as number) >= 0xc0) count += 1;
  return count;
}

/** Bytes of the character at a place; 0 where there is none. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return first >= 0xc2 && isUtf8(bytes.subarray(at, at + length)) && at + length <= bytes.length ? length : 0;
}

/** Where the last whole character ends; at most three bytes are left over. */
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
