import type { ReportSchema } from '../../schema/types.js';
import type { ExaminedDocument } from '../../source/types.js';
import { BatchBuilder } from '../batches/batch-builder.js';
import { cellReader } from '../values/values.js';
import type { DelimitedDialect } from './dialect.js';
import { type RecordReading, readRecords, surplusCells, surplusReason } from './records.js';
import { surveyDocument } from './survey.js';
import { delimitedLayout, dialectFacts, tableLayout } from './delimited-layout.js';
import type { ParsedBatch, ParsedDocument, ParsedTable, Reject } from '../types.js';
import type { ValueRules } from '../values/values.js';

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
  const layout = delimitedLayout(facts, schema, head);
  const { dialect, header } = layout;
  const survey = await surveyDocument(document, layout);
  const { table, places } = tableLayout(layout, schema, facts.reportType, survey);
  return {
    engine: 'reference',
    dialect: dialectFacts(dialect, survey.rules),
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
    const surplus = surplusCells(
      record.cells.length,
      dialect.header.length,
      (index) => record.cells[index] ?? '',
    );
    if (surplus > 0) {
      rejects.push({ row, column: null, raw: record.raw, reason: surplusReason(surplus) });
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
