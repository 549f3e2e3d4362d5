import { slackBytes } from './marks.js';

/**
 * The distinct texts of a column, as bytes, numbered in the order of their coming. A hash table with open addressing; texts are compared and
 * copied in words of four bytes, whose last may reach beyond the text.
 */
export class TextDictionary {
  count = 0;
  bytes = new Uint8Array(1024);
  /** Entry `e` lies from `offsets[e]` to `offsets[e + 1]` in `bytes`. */
  offsets = new Int32Array(65);
  private view = new DataView(this.bytes.buffer);
  private hashes = new Int32Array(64);
  /** Entry + 1 by hash, 0 where there is none; half of it stays free. */
  private slots = new Int32Array(128);

  get byteLength(): number {
    return this.offsets[this.count] as number;
  }

  /** Forgets all texts, and keeps the memory. */
  clear(): void {
    this.count = 0;
    this.slots.fill(0);
  }

  /** The number of the text that lies at `start` of `source`, which may be read `slackBytes` beyond it. A new one is added. */
  number(source: DataView, start: number, length: number): number {
    const hash = hashOf(source, start, length);
    let slot = hash & (this.slots.length - 1);
    for (;;) {
      const entry = (this.slots[slot] as number) - 1;
      if (entry < 0) return this.add(source, start, length, hash);
      if (this.hashes[entry] === hash && this.equals(entry, source, start, length)) return entry;
      slot = (slot + 1) & (this.slots.length - 1);
    }
  }

  equals(entry: number, source: DataView, start: number, length: number): boolean {
    const own = this.offsets[entry] as number;
    if ((this.offsets[entry + 1] as number) - own !== length) return false;
    const whole = length & ~3;
    for (let at = 0; at < whole; at += 4) {
      if (source.getInt32(start + at, true) !== this.view.getInt32(own + at, true)) return false;
    }
    const rest = length & 3;
    if (rest === 0) return true;
    const differs = source.getInt32(start + whole, true) ^ this.view.getInt32(own + whole, true);
    return (differs & lowBytes(rest)) === 0;
  }

  text(entry: number): string {
    const start = this.offsets[entry] as number;
    return Buffer.from(this.bytes.buffer, start, (this.offsets[entry + 1] as number) - start).toString();
  }

  private add(source: DataView, start: number, length: number, hash: number): number {
    const entry = this.count;
    if ((entry + 1) * 2 > this.slots.length) this.growTable();
    this.place(hash, entry);
    this.hashes[entry] = hash;
    const own = this.offsets[entry] as number;
    this.growBytes(own + length + slackBytes);
    for (let at = 0; at < length; at += 4) {
      this.view.setInt32(own + at, source.getInt32(start + at, true), true);
    }
    this.count = entry + 1;
    this.offsets[this.count] = own + length;
    return entry;
  }

  private place(hash: number, entry: number): void {
    let slot = hash & (this.slots.length - 1);
    while (this.slots[slot] !== 0) slot = (slot + 1) & (this.slots.length - 1);
    this.slots[slot] = entry + 1;
  }

  private growTable(): void {
    this.slots = new Int32Array(this.slots.length * 2);
    this.hashes = larger(this.hashes, this.slots.length / 2);
    this.offsets = larger(this.offsets, this.slots.length / 2 + 1);
    for (let entry = 0; entry < this.count; entry += 1) this.place(this.hashes[entry] as number, entry);
  }

  private growBytes(needed: number): void {
    if (needed <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, needed));
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/** The texts are forgotten with each row group, so a document made to collide slows itself down, and nothing else. */
function hashOf(source: DataView, start: number, length: number): number {
  let hash = length;
  const whole = length & ~3;
  for (let at = 0; at < whole; at += 4) hash = mix(hash ^ source.getInt32(start + at, true));
  const rest = length & 3;
  if (rest > 0) hash = mix(hash ^ (source.getInt32(start + whole, true) & lowBytes(rest)));
  return hash;
}

function mix(value: number): number {
  const product = Math.imul(value, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** The lowest one to three bytes of a word. */
function lowBytes(count: number): number {
  return 0xffffffff >>> (32 - count * 8);
}

function larger(values: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const result = new Int32Array(length);
  result.set(values);
  return result;
}
