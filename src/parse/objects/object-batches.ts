import { isScalar } from '../../schema/column-type.js';
import type { ResolvedColumn } from '../../schema/types.js';
import { BatchBuilder } from '../batches/batch-builder.js';
import type { TextOf } from '../values/decide-rules.js';
import { clueOf, type Evidence } from '../values/evidence.js';
import { cellReader } from '../values/values.js';
import { maxBatchCharacters } from '../limits.js';
import { type Leaf, scalarRow } from './leaves.js';
import type { ObjectRow } from './object-plan.js';
import type { ParsedBatch, ParsedTable, Reject } from '../types.js';
import type { ValueRules } from '../values/values.js';

/** A table, and how its rows are taken from the objects of a document. */
export interface ObjectTable {
  table: ParsedTable;
  /** For each path of a row the index of its column. */
  columnIndexes: Map<string, number>;
  /** Undefined means what is beside the lists. */
  hasRowsIn(list: string | undefined): boolean;
  rowsOf(list: string | undefined, value: unknown): Iterable<Leaf[]>;
  /** Whether a row may be a single value; else such a row is rejected. */
  takesScalars: boolean;
  /** Values that all rows share. */
  above: Leaf[];
}

/** Reads the rows of all tables of a document, object by object. */
export async function* readObjectBatches(
  objects: AsyncIterable<ObjectRow>,
  tables: ObjectTable[],
  { rules, batchRows, evidence }: { rules: ValueRules; batchRows: number; evidence: Evidence },
): AsyncGenerator<ParsedBatch> {
  const readings = tables.map((table) => new TableReading(table, rules, evidence));
  const byList = new Map<string | undefined, TableReading[]>();
  for await (const { list, value } of objects) {
    if (value === undefined) continue;
    const concerned = byList.get(list) ?? readings.filter(({ from }) => from.hasRowsIn(list));
    byList.set(list, concerned);
    for (const reading of concerned) {
      for (const leaves of reading.from.rowsOf(list, value)) {
        reading.add(leaves);
        if (reading.isFull(batchRows)) yield reading.take();
      }
    }
  }
  for (const reading of readings) {
    if (!reading.isEmpty()) yield reading.take();
  }
}

/** The rows of all tables, as texts by the name of their column. */
export async function* readObjectTexts(
  objects: AsyncIterable<ObjectRow>,
  tables: ObjectTable[],
): AsyncGenerator<TextOf> {
  for await (const { list, value } of objects) {
    if (value === undefined) continue;
    for (const { columnIndexes, table, hasRowsIn, rowsOf, takesScalars } of tables) {
      if (!hasRowsIn(list)) continue;
      for (const leaves of rowsOf(list, value)) {
        if (!takesScalars && scalarRow(leaves) !== undefined) continue;
        const texts = new Map<string, string>();
        for (const { path, kind, text } of leaves) {
          const column = table.columns[columnIndexes.get(path) ?? -1];
          if (column && kind !== 'none') texts.set(column.name, text);
        }
        yield (column) => texts.get(column);
      }
    }
  }
}

/** Collects the rows of one table since its last batch. */
class TableReading {
  private readonly builder: BatchBuilder;
  private readonly readers: ReturnType<typeof cellReader>[];
  private rejects: Reject[] = [];
  private row = 0;
  private characters = 0;

  constructor(
    readonly from: ObjectTable,
    rules: ValueRules,
    evidence: Evidence,
  ) {
    const { columns } = from.table;
    this.builder = new BatchBuilder(columns);
    this.readers = columns.map((column) => {
      const read = cellReader(column, rules);
      if (column.type.kind !== 'date' && column.type.kind !== 'timestamp') return read;
      const clues = evidence.of(column.name);
      return (text, row, rejects) => {
        if (text !== '') clues.add(clueOf(column.type, text));
        return read(text, row, rejects);
      };
    });
  }

  isEmpty(): boolean {
    return this.builder.length === 0 && this.rejects.length === 0;
  }

  isFull(batchRows: number): boolean {
    const rows = Math.max(this.builder.length, this.rejects.length);
    return rows >= batchRows || this.characters >= maxBatchCharacters;
  }

  add(leaves: Leaf[]): void {
    this.row += 1;
    const { columnIndexes, table, takesScalars } = this.from;
    const raw = takesScalars ? undefined : scalarRow(leaves);
    if (raw !== undefined) {
      this.rejects.push({ row: this.row, column: null, raw, reason: 'expected an object' });
      return;
    }
    const texts: string[] = [];
    for (const leaf of leaves) {
      this.characters += leaf.text.length;
      const index = columnIndexes.get(leaf.path);
      if (index !== undefined && leaf.kind !== 'none') texts[index] = textFor(table.columns[index], leaf);
    }
    const cells = this.readers.map((read, index) => {
      const text = texts[index];
      return text === undefined ? null : read(text, this.row, this.rejects);
    });
    this.builder.add(this.row, cells);
  }

  take(): ParsedBatch {
    const { rejects } = this;
    this.rejects = [];
    this.characters = 0;
    return { table: this.from.table.name, batch: this.builder.take(), rejects };
  }
}

/** A value in the spelling that the reader of its column expects. */
export function textFor(
  column: ResolvedColumn | undefined,
  { text, kind }: Pick<Leaf, 'text' | 'kind'>,
): string {
  return column && !isScalar(column.type) && kind === 'text' ? JSON.stringify(text) : text;
}
