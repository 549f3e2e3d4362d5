import type { Kernel } from '../../kernel/kernel.js';
import type { Nulls } from '../null-bitmap.js';

/** Which rows of a column are there, as Arrow's bitmap in the kernel's memory. */
export class Validity {
  readonly at: number;
  length = 0;
  private nullCount = 0;
  private readonly size: number;

  constructor(
    private readonly kernel: Kernel,
    mostRows: number,
  ) {
    this.size = (mostRows >> 3) + 1;
    this.at = kernel.zeros(this.size);
  }

  /** Adds rows whose bits are set already. */
  add(rows: number, nulls: number): void {
    this.length += rows;
    this.nullCount += nulls;
  }

  /** Makes a null a value. */
  fill(row: number): void {
    const byte = this.kernel.bytes(this.at + (row >> 3), 1);
    byte[0] = (byte[0] as number) | (1 << (row & 7));
    this.nullCount -= 1;
  }

  /** Good until the kernel allocates. */
  nulls(): Nulls {
    return { nullCount: this.nullCount, nullBitmap: this.kernel.bytes(this.at, (this.length + 7) >> 3) };
  }

  clear(): void {
    this.kernel.bytes(this.at, this.size).fill(0);
    this.length = 0;
    this.nullCount = 0;
  }
}
