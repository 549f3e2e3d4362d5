/** Bytes in the binary format of COPY, which grow as they are written. */
export class BinaryOutput {
  private bytes: Buffer;
  private view: DataView;
  private at = 0;
  /** The bytes of the texts of a row, and where the next text begins. */
  private texts: Uint8Array = none;
  private textAt = 0;
  /** What a row needs beside its lists. */
  private rowSize = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.view = viewOf(this.bytes);
  }

  /** How many bytes were written. */
  get length(): number {
    return this.at;
  }

  /** The bytes that were written. */
  get written(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  /** Makes room. What is written without a call of its own must fit. */
  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const longer = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + size));
    this.bytes.copy(longer, 0, 0, this.at);
    this.bytes = longer;
    this.view = viewOf(longer);
  }

  /** Begins a row with the bytes of all its texts, and makes room for it. */
  beginRow(texts: Uint8Array, size: number): void {
    this.texts = texts;
    this.textAt = 0;
    this.rowSize = size;
    this.reserve(size);
  }

  int8(value: number): void {
    this.bytes[this.at] = value;
    this.at += 1;
  }

  int16(value: number): void {
    this.view.setInt16(this.at, value);
    this.at += 2;
  }

  int32(value: number): void {
    this.view.setInt32(this.at, value);
    this.at += 4;
  }

  int64(value: bigint): void {
    this.view.setBigInt64(this.at, value);
    this.at += 8;
  }

  double(value: number): void {
    this.view.setFloat64(this.at, value);
    this.at += 8;
  }

  /** The next text of the row, as a field. */
  text(length: number): void {
    this.int32(length);
    const { bytes, texts, textAt, at } = this;
    // A call costs more than a few bytes.
    if (length > maxLoopBytes) bytes.set(texts.subarray(textAt, textAt + length), at);
    else for (let index = 0; index < length; index += 1) bytes[at + index] = texts[textAt + index] as number;
    this.at += length;
    this.textAt += length;
  }

  /** A text as a field; makes room for it. */
  string(text: string): void {
    const length = Buffer.byteLength(text);
    this.reserve(length + 4);
    this.int32(length);
    this.at += this.bytes.write(text, this.at);
  }

  /** Bytes as they are; makes room for them. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** What `write` writes, as a field; `write` makes room for itself. */
  sized(write: () => void): void {
    const start = this.at;
    this.int32(0);
    write();
    this.view.setInt32(start, this.at - start - 4);
    this.reserve(this.rowSize);
  }

  /** A decimal as a field. `digits` is the number without its point. */
  numeric(digits: bigint, scale: number): void {
    const { below, firstDigits, padding } = groupsBelow(scale);
    let rest = digits < 0n ? -digits : digits;
    const first = 10n ** BigInt(firstDigits);
    let count = 0;
    groups[count++] = Number(rest % first) * padding;
    for (rest /= first; rest > 0n; rest /= 10_000n) groups[count++] = Number(rest % 10_000n);
    this.writeGroups(count, below, digits < 0n, scale);
  }

  /** As `numeric`, for a number that is exact as a double. */
  shortNumeric(digits: number, scale: number): void {
    const { below, firstDigits, padding } = groupsBelow(scale);
    const first = 10 ** firstDigits;
    let rest = Math.abs(digits);
    let next = Math.floor(rest / first);
    let count = 0;
    groups[count++] = (rest - next * first) * padding;
    for (rest = next; rest > 0; rest = next) {
      next = Math.floor(rest / 10_000);
      groups[count++] = rest - next * 10_000;
    }
    this.writeGroups(count, below, digits < 0, scale);
  }

  private writeGroups(count: number, below: number, isNegative: boolean, scale: number): void {
    this.int32(8 + 2 * count);
    this.int16(count);
    this.int16(count - below - 1);
    this.int16(isNegative ? 0x4000 : 0);
    this.int16(scale);
    for (let index = count - 1; index >= 0; index -= 1) this.int16(groups[index] as number);
  }
}

const none = new Uint8Array();
const maxLoopBytes = 32;

/** The digits of a decimal in groups of four, as `numeric` has them, the lowest first. */
const groups = new Int16Array(12);

/**
 * The groups of the digits after the point, which they begin at: how many there are, how many
 * digits the last one has, and the power of ten that it lacks.
 */
function groupsBelow(scale: number): { below: number; firstDigits: number; padding: number } {
  const below = Math.ceil(scale / 4);
  const missing = below * 4 - scale;
  return { below, firstDigits: 4 - missing, padding: 10 ** missing };
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
