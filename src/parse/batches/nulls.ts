import { type Data, makeData, Null } from 'apache-arrow';

/** Validity of an Arrow array: the number of nulls, and the bitmap. */
export interface Nulls {
  nullCount: number;
  nullBitmap: Uint8Array;
}

export const noNulls: Nulls = { nullCount: 0, nullBitmap: new Uint8Array(0) };

/** Which rows of a column have a value, as an Arrow bitmap. */
export class NullBitmap {
  private bits = new Uint8Array(64);
  private length = 0;
  private nullCount = 0;

  add(isThere: boolean): void {
    if (this.length === this.bits.length * 8) {
      const larger = new Uint8Array(this.bits.length * 2);
      larger.set(this.bits);
      this.bits = larger;
    }
    const byte = this.length >> 3;
    if (isThere) this.bits[byte] = (this.bits[byte] as number) | (1 << (this.length & 7));
    else this.nullCount += 1;
    this.length += 1;
  }

  /** Forgets all rows and keeps the memory. */
  clear(): void {
    this.bits.fill(0);
    this.length = 0;
    this.nullCount = 0;
  }

  nulls(): Nulls {
    return { nullCount: this.nullCount, nullBitmap: this.bits };
  }
}

/** An array that is null in every row, whatever the type of its column. */
export function nullData(length: number): Data {
  return makeData({ type: new Null(), length });
}
