import type { Vector } from 'apache-arrow';
import { canonicalDecimal } from '../../schema/decimal.js';
import type { ColumnType, ResolvedColumn } from '../../schema/types.js';
import type { CheckResult } from '../../schema/document-checks.js';
import { DocumentChecks } from '../checks/document-checks.js';
import type { DocumentStream } from '../document-stream.js';
import type { ParsedTable } from '../types.js';

/** What the rows of a document show about one table. */
export interface TableProfile {
  table: ParsedTable;
  rows: number;
  columns: ColumnProfile[];
}

export interface ColumnProfile {
  column: ResolvedColumn;
  /** Rows with a value other than the empty text. */
  filled: number;
}

/** Values rejected for one reason in one column. */
export interface RejectProfile {
  table: string;
  /** Null for whole rows. */
  column: string | null;
  reason: string;
  count: number;
  /** The first distinct texts, as the document has them. */
  examples: string[];
}

/**
 * Sees the rows of a table as they pass: the values of its columns as text, null if there is none.
 */
export interface RowWatcher {
  add(values: (string | null)[]): void;
}

/**
 * Reads a parsed document to its end and returns what its rows hold. `watch` may return a watcher
 * for the rows of a table.
 * Errors: those of the batches.
 */
export async function profileDocument(
  stream: DocumentStream,
  watch: (table: ParsedTable) => RowWatcher | undefined = () => undefined,
): Promise<{ tables: TableProfile[]; rejects: RejectProfile[]; checks: CheckResult[] }> {
  const tables = new Map(
    stream.tables.map((table) => {
      const columns = table.columns.map((column) => ({ column, filled: 0 }));
      return [table.name, { profile: { table, rows: 0, columns }, watcher: watch(table) }];
    }),
  );
  const rejects = new Map<string, RejectProfile>();
  const checks = new DocumentChecks(stream.tables);
  for await (const { table, batch, rejects: found } of stream.batches) {
    for (const { column, raw, reason } of found) addReject(rejects, table, { column, raw, reason });
    checks.add(table, batch);
    const known = tables.get(table);
    if (!known) continue;
    const { profile, watcher } = known;
    const vectors = profile.columns.map((_, index) => batch.getChildAt(index));
    for (let row = 0; row < batch.numRows; row += 1) {
      const values = vectors.map((vector) => valueAt(vector, row));
      for (const [index, column] of profile.columns.entries()) if (values[index] !== null) column.filled += 1;
      watcher?.add(profile.columns.map(({ column: { type } }, index) => textOf(values[index], type)));
    }
    profile.rows += batch.numRows;
  }
  return {
    tables: [...tables.values()].map(({ profile }) => profile),
    rejects: [...rejects.values()],
    checks: checks.results(),
  };
}

/** Null also for the empty text. */
function valueAt(vector: Vector | null, row: number): unknown {
  const value: unknown = vector?.get(row) ?? null;
  return value === '' ? null : value;
}

function textOf(value: unknown, type: ColumnType): string | null {
  if (value === null || value === undefined) return null;
  if (type.kind === 'decimal') return canonicalDecimal(value as Uint32Array, 0, type.scale);
  if (type.kind !== 'date' && type.kind !== 'timestamp') return String(value);
  const iso = new Date(Number(value)).toISOString();
  return type.kind === 'date' ? iso.slice(0, 10) : iso;
}

function addReject(
  rejects: Map<string, RejectProfile>,
  table: string,
  { column, raw, reason }: Pick<RejectProfile, 'column' | 'reason'> & { raw: string },
): void {
  const maxExamples = 3;
  const key = JSON.stringify([table, column, reason]);
  const known = rejects.get(key) ?? { table, column, reason, count: 0, examples: [] };
  known.count += 1;
  if (known.examples.length < maxExamples && !known.examples.includes(raw)) known.examples.push(raw);
  rejects.set(key, known);
}
