import {
  type Data,
  DataType,
  Dictionary,
  type Decimal,
  makeData,
  makeVector,
  type RecordBatch,
  Utf8,
} from 'apache-arrow';
import { recordBatch } from '../parse/batches/batch-builder.js';
import { nullData } from '../parse/batches/nulls.js';
import type { ParsedBatch, ParsedDocument, ParsedTable, Reject } from '../parse/types.js';
import { canonicalDecimal } from '../schema/decimal.js';
import { personalColumns } from '../schema/personal-data.js';
import type { ReportSchema } from '../schema/types.js';
import type { PiiTreatment } from './pii-policy.js';

/**
 * The same document with its personal data dropped or hashed, before any of it is written. Columns that are dropped are NULL, hashed ones are
 * of type string. The texts of rejects go the same way in tables that have such columns: cells may stand in the wrong column there.
 */
export function protectPersonalData(
  parsed: ParsedDocument,
  schema: ReportSchema | undefined,
  treatment: PiiTreatment,
): ParsedDocument {
  const places = new Map(
    parsed.tables.flatMap((table) => {
      const found = personalPlaces(table, schema);
      return found.length > 0 ? [[table.name, found] as const] : [];
    }),
  );
  if (places.size === 0) return parsed;
  const tables = parsed.tables.map((table) => protectedTable(table, places.get(table.name) ?? [], treatment));
  for (const table of parsed.tables) {
    const found = (places.get(table.name) ?? []).map((place) => table.columns[place]);
    const names = found.flatMap((column) => (column?.header === undefined ? [] : column.name));
    const verb = treatment.policy === 'hash' ? 'hashed' : 'dropped';
    if (names.length > 0) parsed.notes.push(`personal data ${verb} in ${table.name}: ${names.join(', ')}`);
  }
  return { ...parsed, tables, batches: protectedBatches(parsed, places, treatment) };
}

function personalPlaces({ name, columns }: ParsedTable, schema: ReportSchema | undefined): number[] {
  const names = columns.map((column) => column.name);
  return personalColumns(schema, name, names).map((column) => names.indexOf(column));
}

function protectedTable(table: ParsedTable, places: number[], { policy }: PiiTreatment): ParsedTable {
  if (policy !== 'hash') return table;
  const columns = table.columns.map((column, place) =>
    places.includes(place) ? { ...column, type: { kind: 'string' as const } } : column,
  );
  return { ...table, columns };
}

async function* protectedBatches(
  { batches, tables }: ParsedDocument,
  places: Map<string, number[]>,
  treatment: PiiTreatment,
): AsyncGenerator<ParsedBatch> {
  for await (const parsed of batches) {
    const personal = places.get(parsed.table);
    const table = tables.find(({ name }) => name === parsed.table);
    if (!personal || !table) {
      yield parsed;
      continue;
    }
    const batch = protectedBatch(parsed.batch, table, personal, treatment);
    yield { ...parsed, batch, rejects: parsed.rejects.map((reject) => protectedReject(reject, treatment)) };
  }
}

function protectedReject(reject: Reject, { replace }: PiiTreatment): Reject {
  return { ...reject, raw: replace(reject.raw) ?? '', reason: `${reject.reason}; its text may be personal` };
}

function protectedBatch(
  batch: RecordBatch,
  { columns }: ParsedTable,
  places: number[],
  treatment: PiiTreatment,
): RecordBatch {
  const children = batch.data.children.map((data, place) => {
    if (!places.includes(place) || DataType.isNull(data.type)) return data;
    return treatment.policy === 'drop' ? nullData(data.length) : replacedData(data, treatment);
  });
  return recordBatch(
    columns.map(({ name }) => name),
    children,
  );
}

/** Of a dictionary each of its texts is replaced once. */
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

/** The text of a value as the table would show it, whatever its type. */
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
