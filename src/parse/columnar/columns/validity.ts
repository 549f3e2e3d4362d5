import type { Kernel } from '../../../kernel/kernel.js';
import type { Nulls } from '../../batches/nulls.js';

/** Which rows of a column have a value, as an Arrow bitmap in the kernel's memory. */
export class Validity {
  at: number;
  length = 0;
  private nullCount = 0;
  private size = 64;

  constructor(private readonly kernel: Kernel) {
    this.at = kernel.zeros(this.size);
  }

  /** Makes room for the bits of this many more rows. */
  reserve(rows: number): void {
    const needed = (this.length + rows + 7) >> 3;
    if (needed <= this.size) return;
    const size = Math.max(needed, this.size * 2);
    this.at = this.kernel.calls.enlarge(this.at, this.size, size);
    this.kernel.bytes(this.at + this.size, size - this.size).fill(0);
    this.size = size;
  }

  /** Adds rows whose bits are already set. */
  add(rows: number, nulls: number): void {
    this.length += rows;
    this.nullCount += nulls;
  }

  /** Marks a null row as having a value. */
  fill(row: number): void {
    const byte = this.kernel.bytes(this.at + (row >> 3), 1);
    byte[0] = (byte[0] as number) | (1 << (row & 7));
    this.nullCount -= 1;
  }

  /** Valid until the kernel allocates. */
  nulls(): Nulls {
    return { nullCount: this.nullCount, nullBitmap: this.kernel.bytes(this.at, (this.length + 7) >> 3) };
  }

  clear(): void {
    this.kernel.bytes(this.at, this.size).fill(0);
    this.length = 0;
    this.nullCount = 0;
  }
}
