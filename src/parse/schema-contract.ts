import { type Data, DataType, type Decimal, makeVector } from 'apache-arrow';
import type { ContractOf, SchemaContract } from '../config/schema-contract.js';
import { ReportsError } from '../errors/reports-error.js';
import { canonicalDecimal } from '../schema/decimal.js';
import type { ResolvedColumn } from '../schema/types.js';
import type { DocumentMetadata } from '../source/types.js';
import { pluralize } from '../text/pluralize.js';
import { BatchBuilder, recordBatch } from './batches/batch-builder.js';
import { type DocumentStream, withResult } from './document-stream.js';
import type { ParsedBatch, ParsedTable, Reject, Value } from './types.js';

/**
 * The same document as the contracts of its tables allow it: without unknown columns, or without
 * the rows that have values in them or that do not fit. Such rows go to the rejects as JSON; values
 * of unknown columns with personal data are left out there.
 * Errors: SCHEMA_FROZEN, from here or at the end of the batches.
 */
export function applySchemaContract(
  stream: DocumentStream,
  contractOf: ContractOf,
  metadata: DocumentMetadata,
): DocumentStream {
  const plans = new Map(stream.tables.map((table) => [table.name, planOf(table, contractOf(table.name))]));
  for (const { table, contract, unknown } of plans.values()) {
    if (contract.columns !== 'freeze' || unknown.length === 0) continue;
    const headers = unknown.map(({ header, name }) => header?.trim() || name).join(', ');
    throw frozen(`the schema does not know the columns ${headers}`, table, metadata);
  }
  if (![...plans.values()].some(hasEffect)) return stream;
  const allowed = (table: ParsedTable) => {
    const plan = plans.get(table.name);
    return plan ? { ...table, columns: table.columns.filter((column) => isKept(column, plan)) } : table;
  };
  const changed = { ...stream, tables: stream.tables.map(allowed), batches: allowedBatches() };
  return withResult(changed, (parsed) => ({
    ...parsed,
    tables: parsed.tables.map(allowed),
    notes: [...parsed.notes, ...[...plans.values()].flatMap(leftOutNote)],
  }));

  async function* allowedBatches(): AsyncGenerator<ParsedBatch> {
    const misfits = new Map<string, { first: Reject; count: number }>();
    for await (const parsed of stream.batches) {
      const plan = plans.get(parsed.table);
      if (plan?.contract.dataType === 'freeze') {
        const found = parsed.rejects.filter(({ column }) => column !== null);
        const [first] = found;
        const before = misfits.get(parsed.table);
        if (first) {
          misfits.set(parsed.table, {
            first: before?.first ?? first,
            count: (before?.count ?? 0) + found.length,
          });
        }
      }
      yield plan && hasEffect(plan) ? allowedBatch(parsed, plan) : parsed;
    }
    // Only now it is certain by which rules the document is read.
    for (const [table, { first, count }] of misfits) {
      const example = `row ${first.row} of ${first.column}: ${first.reason}`;
      throw frozen(
        `${pluralize(count, 'value')} of other types than their columns (${example})`,
        table,
        metadata,
      );
    }
  }
}

interface TablePlan {
  table: string;
  contract: SchemaContract;
  columns: ResolvedColumn[];
  unknown: ResolvedColumn[];
}

function planOf({ name, columns }: ParsedTable, contract: SchemaContract): TablePlan {
  return { table: name, contract, columns, unknown: columns.filter(({ origin }) => origin === 'added') };
}

function hasEffect({ contract, unknown }: TablePlan): boolean {
  const isRowMode = contract.dataType === 'discard_row' || contract.dataType === 'freeze';
  return isRowMode || (contract.columns !== 'evolve' && unknown.length > 0);
}

function isKept({ origin }: ResolvedColumn, { contract }: TablePlan): boolean {
  return origin !== 'added' || contract.columns === 'evolve';
}

function leftOutNote({ table, contract, unknown }: TablePlan): string[] {
  if (contract.columns === 'evolve' || unknown.length === 0) return [];
  return [`left out of ${table} by schemaContract: ${unknown.map(({ name }) => name).join(', ')}`];
}

function frozen(found: string, table: string, { reportType, documentId }: DocumentMetadata): ReportsError {
  return new ReportsError('SCHEMA_FROZEN', { reportType, documentId, table, found });
}

function allowedBatch(parsed: ParsedBatch, plan: TablePlan): ParsedBatch {
  const { columns } = plan;
  const { children } = parsed.batch.data;
  const numbers = children.at(-1)?.values as BigInt64Array;
  const readers = columns.map((_, index) => valueReader(children[index] as Data));
  const reasons = discardReasons(parsed, plan, readers, numbers);
  const kept = columns.flatMap((column, index) => (isKept(column, plan) ? index : []));
  if (reasons.size === 0) {
    const names = kept.map((index) => columns[index]?.name ?? '');
    return {
      ...parsed,
      batch: recordBatch(
        names,
        [...kept, columns.length].map((index) => children[index] as Data),
      ),
    };
  }
  const builder = new BatchBuilder(kept.map((index) => columns[index] as ResolvedColumn));
  const rejects = parsed.rejects.filter(({ row, column }) => column === null || !reasons.has(row));
  for (let at = 0; at < parsed.batch.numRows; at += 1) {
    const row = Number(numbers[at]);
    const reason = reasons.get(row);
    if (reason === undefined) {
      builder.add(
        row,
        kept.map((index) => readers[index]?.(at) ?? null),
      );
      continue;
    }
    const values = columns.map((column, index) => valueText(readers[index]?.(at) ?? null, column));
    rejects.push({ row, column: null, raw: rowText(row, values, parsed.rejects, plan), reason });
  }
  rejects.sort((a, b) => a.row - b.row);
  return { ...parsed, batch: builder.take(), rejects };
}

/** Why rows of a batch are discarded, by their number. */
function discardReasons(
  { rejects, batch }: ParsedBatch,
  { contract, columns }: TablePlan,
  readers: ((row: number) => Value | null)[],
  numbers: BigInt64Array,
): Map<number, string> {
  const reasons = new Map<number, string>();
  if (contract.columns === 'discard_row') {
    columns.forEach(({ origin, name }, index) => {
      if (origin !== 'added') return;
      for (let at = 0; at < batch.numRows; at += 1) {
        const row = Number(numbers[at]);
        if (!reasons.has(row) && readers[index]?.(at) !== null) reasons.set(row, `unknown column ${name}`);
      }
    });
  }
  if (contract.dataType === 'discard_row') {
    for (const { row, column, reason } of rejects) {
      if (column !== null && !reasons.has(row)) reasons.set(row, `${reason} in ${column}`);
    }
  }
  return reasons;
}

/** A row as JSON: its values by column, rejected ones as the document has them. */
function rowText(row: number, values: (string | null)[], rejects: Reject[], { columns }: TablePlan): string {
  const texts = columns.flatMap(({ name, pii }, index) => {
    const raw = rejects.find((reject) => reject.row === row && reject.column === name)?.raw;
    const text = raw ?? values[index];
    return text === null || text === undefined || pii ? [] : [[name, text]];
  });
  return JSON.stringify(Object.fromEntries(texts));
}

function valueText(value: Value | null, { type }: ResolvedColumn): string | null {
  if (value === null) return null;
  const dayMs = 86_400_000;
  if (type.kind === 'date') return new Date(Number(value) * dayMs).toISOString().slice(0, 10);
  if (type.kind === 'timestamp') return new Date(Number(value) / 1000).toISOString();
  return String(value);
}

/** Reads the values of an array as parsers yield them; null if there is none. */
function valueReader(data: Data): (row: number) => Value | null {
  const { type, values, nullBitmap, nullCount } = data;
  if (DataType.isNull(type)) return () => null;
  const read = validReader(data);
  return (row) => {
    const isValid = nullCount === 0 || ((nullBitmap[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
    if (!isValid) return null;
    return DataType.isDictionary(type) ? read(values[row] as number) : read(row);
  };
}

function validReader(data: Data): (index: number) => Value | null {
  if (DataType.isDictionary(data.type)) return valueReader(data.dictionary?.data[0] as Data);
  const { type, values } = data;
  if (DataType.isDecimal(type)) {
    return (index) => canonicalDecimal(values as Uint32Array, index, (type as Decimal).scale);
  }
  // Vectors convert times.
  if (DataType.isDate(type) || DataType.isTimestamp(type)) return (index) => values[index] as Value;
  const vector = makeVector(data);
  return (index) => vector.get(index) as Value | null;
}
