import type { ResolvedColumn } from '../../schema/types.js';
import type { RowWatcher } from './profile.js';

/** Counts the rows of a table whose key an earlier row already has. */
export class KeyCheck implements RowWatcher {
  doubled = 0;
  /** The first few duplicate keys, values in the order of the key. */
  readonly examples: (string | null)[][] = [];
  private readonly indexes: number[];
  private readonly seen = new Set<string>();

  constructor(columns: ResolvedColumn[], key: string[]) {
    this.indexes = key.map((name) => columns.findIndex((column) => column.name === name));
  }

  add(values: (string | null)[]): void {
    const maxExamples = 3;
    const own = this.indexes.map((index) => values[index] ?? null);
    const id = own.map((value) => `${value === null ? '' : '='}${value}`).join('\u0000');
    if (!this.seen.has(id)) {
      this.seen.add(id);
      return;
    }
    this.doubled += 1;
    if (this.examples.length < maxExamples) this.examples.push(own);
  }
}

/** Rows that are searched for keys. More would cost memory and add little. */
export const maxKeyRows = 100_000;

/** Finds columns, alone or in pairs, that have a distinct value in every row. */
export class KeySearch implements RowWatcher {
  rows = 0;
  private readonly columns: { name: string; codes: number[]; known: Map<string, number>; filled: boolean }[];

  constructor(columns: ResolvedColumn[]) {
    this.columns = columns.map(({ name, type }) => ({
      name,
      codes: [],
      known: new Map(),
      // Amounts and flags do not identify rows, though they may be distinct in a short document.
      filled: !['decimal', 'float64', 'bool', 'json', 'list'].includes(type.kind),
    }));
  }

  add(values: (string | null)[]): void {
    if (this.rows >= maxKeyRows) return;
    this.rows += 1;
    for (const [index, column] of this.columns.entries()) {
      if (!column.filled) continue;
      const value = values[index] ?? null;
      if (value === null) {
        column.filled = false;
        column.codes = [];
        column.known.clear();
        continue;
      }
      const code = column.known.get(value) ?? column.known.size;
      column.known.set(value, code);
      column.codes.push(code);
    }
  }

  /**
   * Candidates, single columns first. None if there are fewer than two rows, as everything would be
   * one.
   */
  candidates(): string[][] {
    if (this.rows < 2) return [];
    const filled = this.columns.filter((column) => column.filled);
    const single = filled.filter(({ known }) => known.size === this.rows);
    const maxForPairs = 12;
    const others = filled
      .filter(({ known }) => known.size > 1 && known.size < this.rows)
      .sort((a, b) => b.known.size - a.known.size)
      .slice(0, maxForPairs);
    const pairs = others.flatMap((first, index) =>
      others
        .slice(index + 1)
        .filter((second) => this.isUnique(first, second))
        .map((second) => [first.name, second.name]),
    );
    return [...single.map(({ name }) => [name]), ...pairs];
  }

  private isUnique(first: (typeof this.columns)[number], second: (typeof this.columns)[number]): boolean {
    if (first.known.size * second.known.size < this.rows) return false;
    const seen = new Set<number>();
    return first.codes.every((code, row) => {
      const both = code * second.known.size + (second.codes[row] as number);
      return !seen.has(both) && seen.add(both);
    });
  }
}
