import { type Data, DataType, Dictionary, type Decimal, makeData, makeVector, Utf8 } from 'apache-arrow';
import { recordBatch } from '../parse/batches/batch-builder.js';
import { nullData } from '../parse/batches/nulls.js';
import { type DocumentStream, withResult } from '../parse/document-stream.js';
import type { ParsedBatch, ParsedTable, Reject } from '../parse/types.js';
import { canonicalDecimal } from '../schema/decimal.js';
import { personalColumns } from '../schema/personal-data.js';
import type { ReportSchema } from '../schema/types.js';
import { omitQuotations } from './omit-quotations.js';
import type { PiiTreatment } from './pii-policy.js';

/**
 * The same document with its personal data dropped or hashed, before any of it is written. Dropped
 * columns are NULL, hashed ones are of type string. In tables with such columns the texts of
 * rejects are treated the same way: their cells may be in the wrong column. Warnings and decisions
 * quote no values.
 */
export function protectPersonalData(
  stream: DocumentStream,
  schema: ReportSchema | undefined,
  treatment: PiiTreatment,
): DocumentStream {
  const protect = (table: ParsedTable) => protectedTable(table, personalIndexes(table, schema), treatment);
  const tables = new Map(stream.tables.map((table) => [table.name, table]));
  const isPersonal = stream.tables.some((table) => personalIndexes(table, schema).length > 0);
  if (!isPersonal) return stream;
  const changed = { ...stream, tables: stream.tables.map(protect), batches: protectedBatches() };
  return withResult(changed, (parsed) => ({
    ...omitQuotations(parsed, namesOf(parsed.tables)),
    tables: parsed.tables.map(protect),
    notes: [...parsed.notes, ...parsed.tables.flatMap((table) => protectionNote(table, schema, treatment))],
  }));

  async function* protectedBatches(): AsyncGenerator<ParsedBatch> {
    for await (const parsed of stream.batches) {
      const table = tables.get(parsed.table);
      const indexes = table ? personalIndexes(table, schema) : [];
      yield table && indexes.length > 0 ? protectedBatch(parsed, table, indexes, treatment) : parsed;
    }
  }
}

function personalIndexes({ name, columns }: ParsedTable, schema: ReportSchema | undefined): number[] {
  const names = columns.map((column) => column.name);
  const found = columns.flatMap((column) => (column.pii ? column.name : []));
  return personalColumns(schema, name, names, found).map((column) => names.indexOf(column));
}

/** The names of tables and columns, and the headers of the latter: no values. */
function namesOf(tables: ParsedTable[]): Set<string> {
  const columns = tables.flatMap((table) => table.columns);
  return new Set(
    [...tables, ...columns].flatMap((each) =>
      'header' in each ? [each.name, each.header ?? each.name] : each.name,
    ),
  );
}

function protectedTable(table: ParsedTable, indexes: number[], { policy }: PiiTreatment): ParsedTable {
  if (policy !== 'hash') return table;
  const columns = table.columns.map((column, index) =>
    indexes.includes(index) ? { ...column, type: { kind: 'string' as const } } : column,
  );
  return { ...table, columns };
}

function protectionNote(
  table: ParsedTable,
  schema: ReportSchema | undefined,
  { policy }: PiiTreatment,
): string[] {
  const found = personalIndexes(table, schema).map((index) => table.columns[index]);
  const names = found.flatMap((column) => (column?.header === undefined ? [] : column.name));
  const verb = policy === 'hash' ? 'hashed' : 'dropped';
  return names.length > 0 ? [`personal data ${verb} in ${table.name}: ${names.join(', ')}`] : [];
}

function protectedBatch(
  parsed: ParsedBatch,
  { columns }: ParsedTable,
  indexes: number[],
  treatment: PiiTreatment,
): ParsedBatch {
  const children = parsed.batch.data.children.map((data, index) => {
    if (!indexes.includes(index) || DataType.isNull(data.type)) return data;
    return treatment.policy === 'drop' ? nullData(data.length) : replacedData(data, treatment);
  });
  const names = columns.map(({ name }) => name);
  return {
    ...parsed,
    batch: recordBatch(names, children),
    rejects: parsed.rejects.map((reject) => protectedReject(reject, treatment)),
  };
}

function protectedReject(reject: Reject, { replace }: PiiTreatment): Reject {
  return {
    ...reject,
    raw: replace(reject.raw) ?? '',
    reason: `${reject.reason}; its text may be personal data`,
  };
}

/** Replaces each text of a dictionary once. */
function replacedData(data: Data, treatment: PiiTreatment): Data {
  if (!DataType.isDictionary(data.type)) return replacedTexts(data, treatment);
  const dictionary = replacedTexts(data.dictionary?.data[0] as Data, treatment);
  return makeData({
    type: new Dictionary(dictionary.type, data.type.indices),
    length: data.length,
    nullCount: data.nullCount,
    nullBitmap: data.nullBitmap,
    data: data.values,
    dictionary: makeVector(dictionary),
  });
}

function replacedTexts(data: Data, { replace }: PiiTreatment): Data {
  const { length, nullCount, nullBitmap } = data;
  const isValid = (index: number) =>
    nullCount === 0 || ((nullBitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  const textAt = textReader(data);
  const texts = Array.from({ length }, (_, index) => (isValid(index) ? (replace(textAt(index)) ?? '') : ''));
  const valueOffsets = new Int32Array(length + 1);
  texts.forEach((text, index) => {
    valueOffsets[index + 1] = (valueOffsets[index] as number) + Buffer.byteLength(text);
  });
  const bytes = Buffer.from(texts.join(''));
  return makeData({ type: new Utf8(), length, nullCount, nullBitmap, valueOffsets, data: bytes });
}

/** Reads a value of any type as the text that the table would show. */
function textReader(data: Data): (index: number) => string {
  const { type, values } = data;
  const vector = makeVector(data);
  if (DataType.isDecimal(type)) {
    return (index) => canonicalDecimal(values as Uint32Array, index, (type as Decimal).scale);
  }
  if (DataType.isDate(type)) {
    const dayMs = 86_400_000;
    return (index) => new Date(Number(values[index]) * dayMs).toISOString().slice(0, 10);
  }
  if (DataType.isTimestamp(type)) {
    return (index) => new Date(Number((values as BigInt64Array)[index]) / 1000).toISOString();
  }
  return (index) => String(vector.get(index));
}
