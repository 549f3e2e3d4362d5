import { ReportsError } from '../errors.js';
import { defaultTableName } from '../schema/infer.js';
import { marketplaces } from '../schema/marketplaces.js';
import type { ReportSchema, ResolvedColumn } from '../schema/types.js';
import type { ExaminedDocument } from '../source/types.js';
import { BatchBuilder } from './batch-builder.js';
import { type DelimitedDialect, decideDialect } from './dialect.js';
import { resolveHeader } from './header.js';
import { type RecordReading, type Record as Row, readRecords } from './records.js';
import { surveyDocument } from './survey.js';
import type { ParsedBatch, ParsedDocument, ParsedTable, Reject } from './types.js';
import { isNullText, readerOf, type Value, type ValueRules } from './values.js';

/**
 * Parses a delimited document in two passes over its text: a survey decides what holds for the document as a whole, decimal mark, order of
 * day and month, types where there is no schema; then the rows are read.
 * Errors: HEADER_NOT_FOUND, DOCUMENT_UNPARSABLE.
 */
export async function parseDelimited(
  document: ExaminedDocument,
  schema: ReportSchema | undefined,
  head: string,
  batchRows: number,
): Promise<ParsedDocument> {
  const { facts } = document.raw;
  const dialect = decideDialect(head, schema);
  if (!dialect) {
    const { reportType, documentId } = facts;
    throw new ReportsError('HEADER_NOT_FOUND', {
      reportType,
      documentId,
      found: JSON.stringify(head.trim().slice(0, 200)),
    });
  }
  const tableSchema = schema?.tables[0];
  const header = resolveHeader(dialect.header, tableSchema?.columns);
  const countries = facts.marketplaceIds.flatMap((id) => marketplaces[id]?.country ?? []);
  const survey = await surveyDocument(document, dialect, header, countries);
  const kept = header.columns.map((_, index) => !survey.emptyNameless.has(index));
  const typed = header.columns.map((column, index): ResolvedColumn => {
    const inferred = survey.types.get(index);
    return inferred ? { ...column, type: inferred } : column;
  });
  const columns = typed.filter((_, index) => kept[index]);
  const table: ParsedTable = {
    name: tableSchema?.name ?? defaultTableName(facts.reportType),
    load: tableSchema
      ? { mode: tableSchema.load.mode, key: tableSchema.load.key }
      : { mode: 'append', key: [] },
    ...(tableSchema?.partitionBy ? { partitionBy: tableSchema.partitionBy } : {}),
    columns,
  };
  // Where each kept column of the table stands in the document; undefined for one that the document lacks.
  const places = typed.flatMap((_, index) => {
    const position = header.positions.indexOf(index);
    return kept[index] ? [position < 0 ? undefined : position] : [];
  });
  return {
    dialect: {
      delimiter: dialect.delimiter,
      quoting: dialect.quoting,
      decimalMark: survey.rules.decimalMark,
      dateOrder: survey.rules.dateOrder,
      preambleLines: dialect.preambleLines,
    },
    tables: [table],
    notes: [...header.notes, ...survey.notes],
    batches: readBatches(document, dialect, survey.reading, table, places, survey.rules, batchRows),
  };
}

async function* readBatches(
  document: ExaminedDocument,
  dialect: DelimitedDialect,
  reading: RecordReading,
  table: ParsedTable,
  places: (number | undefined)[],
  rules: ValueRules,
  batchRows: number,
): AsyncGenerator<ParsedBatch> {
  const builder = new BatchBuilder(table.columns);
  const readCell = table.columns.map((column) => cellReader(column, rules));
  let rejects: Reject[] = [];
  let row = 0;
  for await (const record of readRecords(document.openText(), dialect, reading)) {
    row += 1;
    const surplus = surplusCells(record, dialect.header.length);
    if (surplus > 0) {
      const reason = `${surplus} ${surplus === 1 ? 'cell' : 'cells'} more than the header`;
      rejects.push({ row, column: null, raw: record.raw, reason });
    } else {
      const values = places.map((place, index) => {
        const text = place === undefined ? '' : (record.cells[place] ?? '');
        return text === '' ? null : (readCell[index]?.(text, row, rejects) ?? null);
      });
      builder.add(row, values);
    }
    if (builder.length >= batchRows || rejects.length >= batchRows) {
      yield { table: table.name, batch: builder.take(), rejects };
      rejects = [];
    }
  }
  if (builder.length > 0 || rejects.length > 0) yield { table: table.name, batch: builder.take(), rejects };
}

/** Reads a cell that is not empty: its value, or null with a reject where it is not of the column's type. */
function cellReader({ name, type }: ResolvedColumn, rules: ValueRules) {
  if (type.kind === 'string') return (text: string) => text;
  const read = readerOf(type);
  const reason = `expected ${type.kind === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.kind}`;
  return (text: string, row: number, rejects: Reject[]): Value | null => {
    if (isNullText(text)) return null;
    const value = read(text, rules);
    if (value !== undefined) return value;
    rejects.push({ row, column: name, raw: text, reason });
    return null;
  };
}

/** Cells beyond the header that hold something. Empty ones are harmless. */
export function surplusCells({ cells }: Pick<Row, 'cells'>, headerCells: number): number {
  let last = cells.length;
  while (last > headerCells && (cells[last - 1] ?? '').trim() === '') last -= 1;
  return Math.max(last - headerCells, 0);
}
