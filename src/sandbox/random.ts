const alphabet = [...'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789'];

/** Seeded random numbers (mulberry32): the same seed gives the same documents and ids. */
export class Random {
  constructor(private state: number) {}

  /** From 0 up to, not including, 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)] as T;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** So many decimal digits. */
  digits(count: number): string {
    return Array.from({ length: count }, () => this.integer(0, 9)).join('');
  }

  /** So many capital letters and digits. */
  letters(count: number): string {
    return Array.from({ length: count }, () => this.pick(alphabet)).join('');
  }

  uuid(): string {
    const hex = Array.from({ length: 32 }, () => this.integer(0, 15).toString(16)).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  /** A time between two, to the second. */
  time(from: Date, to: Date): Date {
    const seconds = Math.floor((to.getTime() - from.getTime()) / 1000);
    return new Date(from.getTime() + this.integer(0, Math.max(0, seconds)) * 1000);
  }
}
