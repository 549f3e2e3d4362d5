import { joinFindings } from '../../schema/findings.js';
import type { ReportSchema } from '../../schema/types.js';
import type { ReadableDocument } from '../../source/types.js';
import { BatchBuilder } from '../batches/batch-builder.js';
import { type DocumentStream, documentStream, type StreamEnd } from '../document-stream.js';
import { maxBatchCharacters } from '../limits.js';
import type { ParsedBatch, Reject } from '../types.js';
import type { EarlierDecisions } from '../values/decide-rules.js';
import { cellReader } from '../values/values.js';
import {
  type DelimitedLayout,
  delimitedLayout,
  storedDialect,
  type TableLayout,
  tableLayout,
} from './delimited-layout.js';
import { readRecords, surplusCells, surplusReason } from './records.js';
import { type Survey, surveyDocument } from './survey.js';

/**
 * Parses a delimited document in two passes over its text. A survey decides what holds for the
 * whole document: decimal mark, order of day and month, and the types if there is no schema. Then
 * the rows are read.
 * Errors: HEADER_NOT_FOUND, HEADER_UNKNOWN, KEY_COLUMN_MISSING, LimitExceeded.
 */
export async function parseDelimited(
  document: ReadableDocument,
  schema: ReportSchema | undefined,
  head: string,
  { batchRows, earlier }: { batchRows: number; earlier: EarlierDecisions },
): Promise<DocumentStream> {
  const { metadata } = document.raw;
  const layout = delimitedLayout(document, schema, head, earlier);
  const survey = await surveyDocument(document, layout);
  const table = tableLayout(layout, schema, metadata.reportType, survey);
  return documentStream(
    { engine: 'reference', dialect: storedDialect(layout.dialect, survey.rules), tables: [table.table] },
    readBatches(document, { layout, survey, table, batchRows }),
  );
}

interface ReadingPlan {
  layout: DelimitedLayout;
  survey: Survey;
  table: TableLayout;
  batchRows: number;
}

async function* readBatches(
  document: ReadableDocument,
  { layout, survey, table: { table, cellIndexes }, batchRows }: ReadingPlan,
): AsyncGenerator<ParsedBatch, StreamEnd> {
  const { dialect, header } = layout;
  const builder = new BatchBuilder(table.columns);
  const readCell = table.columns.map((column) => cellReader(column, survey.rules));
  let rejects: Reject[] = [];
  let row = 0;
  let characters = 0;
  for await (const { cells, raw } of readRecords(document.openText(), layout, survey.reading)) {
    row += 1;
    characters += raw.length;
    const surplus = surplusCells(cells.length, dialect.header.length, (index) => cells[index] ?? '');
    if (surplus > 0) {
      rejects.push({ row, column: null, raw, reason: surplusReason(surplus) });
    } else {
      const values = cellIndexes.map((cell, index) => {
        const text = cell === undefined ? '' : (cells[cell] ?? '');
        return text === '' ? null : (readCell[index]?.(text, row, rejects) ?? null);
      });
      builder.add(row, values);
    }
    const rows = Math.max(builder.length, rejects.length);
    if (rows >= batchRows || characters >= maxBatchCharacters) {
      yield { table: table.name, batch: builder.take(), rejects };
      rejects = [];
      characters = 0;
    }
  }
  if (builder.length > 0 || rejects.length > 0) {
    yield { table: table.name, batch: builder.take(), rejects };
  }
  const { notes, warnings, decisions } = survey;
  return joinFindings({ notes: header.notes, decisions: layout.decisions }, { notes, warnings, decisions });
}
