import { DataType, type RecordBatch, type Vector } from 'apache-arrow';
import type { ParsedTable } from '../types.js';

/**
 * Finds the numeric columns of a document that have a header but no value other than NULL and zero
 * in any row. Outages at Amazon make such columns. A column is examined only up to its first value.
 */
export class EmptyMeasures {
  /** For each table, the indexes of the columns without a value so far. */
  private readonly empty: Map<string, Set<number>>;

  /** For each table, the number of its numeric columns. */
  private readonly counts: Map<string, number>;

  constructor(private readonly tables: ParsedTable[]) {
    this.empty = new Map(
      tables.map(({ name, columns }) => {
        const measures = columns.flatMap(({ type, header, origin }, index) =>
          origin === 'schema' && header !== undefined && numeric.has(type.kind) ? index : [],
        );
        return [name, new Set(measures)];
      }),
    );
    this.counts = new Map([...this.empty].map(([name, measures]) => [name, measures.size]));
  }

  /** Takes the next batch of a table. */
  add(table: string, batch: RecordBatch): void {
    const empty = this.empty.get(table);
    for (const index of empty ?? []) {
      if (hasValue(batch.getChildAt(index))) empty?.delete(index);
    }
  }

  /** The names of the empty columns of a table; undefined if there are none. */
  of(table: string): string[] | undefined {
    const columns = this.tables.find(({ name }) => name === table)?.columns ?? [];
    const names = [...(this.empty.get(table) ?? [])].flatMap((index) => columns[index]?.name ?? []);
    return names.length > 0 ? names : undefined;
  }

  /** Whether a table has numeric columns, and all of them are empty. */
  areAll(table: string): boolean {
    const count = this.empty.get(table)?.size ?? 0;
    return count > 0 && count === this.counts.get(table);
  }
}

const numeric = new Set(['int64', 'decimal', 'float64']);

function hasValue(vector: Vector | null): boolean {
  if (!vector || DataType.isNull(vector.type)) return false;
  // A dictionary has each value once, and is far shorter than the column.
  const values: Vector = vector.data[0]?.dictionary ?? vector;
  for (let index = 0; index < values.length; index += 1) {
    const value: unknown = values.get(index);
    if (value !== null && !isZero(value)) return true;
  }
  return false;
}

/** A decimal is an array of 32-bit words. */
function isZero(value: unknown): boolean {
  return ArrayBuffer.isView(value) ? (value as Uint32Array).every((word) => word === 0) : Number(value) === 0;
}
