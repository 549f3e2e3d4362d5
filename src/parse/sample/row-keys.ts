import type { ResolvedColumn } from '../../schema/types.js';
import type { RowWatcher } from './profile.js';

/** Counts the rows of a table that share the values of their key with a row before them. */
export class KeyCheck implements RowWatcher {
  doubled = 0;
  /** The first few keys that are shared, values in the order of the key. */
  readonly examples: (string | null)[][] = [];
  private readonly places: number[];
  private readonly seen = new Set<string>();

  constructor(columns: ResolvedColumn[], key: string[]) {
    this.places = key.map((name) => columns.findIndex((column) => column.name === name));
  }

  add(values: (string | null)[]): void {
    const mostExamples = 3;
    const own = this.places.map((place) => values[place] ?? null);
    const id = own.map((value) => `${value === null ? '' : '='}${value}`).join('\u0000');
    if (!this.seen.has(id)) {
      this.seen.add(id);
      return;
    }
    this.doubled += 1;
    if (this.examples.length < mostExamples) this.examples.push(own);
  }
}

/** Rows that are looked at for keys; more would take memory and tell little more. */
export const mostKeyRows = 100_000;

/** Finds columns, alone or in pairs, that have a value in each row and never the same twice. */
export class KeySearch implements RowWatcher {
  rows = 0;
  private readonly columns: { name: string; codes: number[]; known: Map<string, number>; filled: boolean }[];

  constructor(columns: ResolvedColumn[]) {
    this.columns = columns.map(({ name, type }) => ({
      name,
      codes: [],
      known: new Map(),
      // Amounts and flags tell no rows apart, though in a short document they may.
      filled: !['decimal', 'float64', 'bool', 'json', 'list'].includes(type.kind),
    }));
  }

  add(values: (string | null)[]): void {
    if (this.rows >= mostKeyRows) return;
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

  /** Candidates, single columns first. Of fewer than two rows everything is one. */
  candidates(): string[][] {
    if (this.rows < 2) return [];
    const filled = this.columns.filter((column) => column.filled);
    const single = filled.filter(({ known }) => known.size === this.rows);
    const mostForPairs = 12;
    const others = filled
      .filter(({ known }) => known.size > 1 && known.size < this.rows)
      .sort((a, b) => b.known.size - a.known.size)
      .slice(0, mostForPairs);
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
