import { isDeepStrictEqual } from 'node:util';
import { type Kernel, takeKernel } from '../../../kernel/kernel.js';
import { openBreaks } from '../../../runtime/breaks.js';
import { type Findings, joinFindings } from '../../../schema/findings.js';
import type { ReportSchema } from '../../../schema/types.js';
import type { ReadableDocument } from '../../../source/types.js';
import {
  type DelimitedLayout,
  delimitedLayout,
  storedDialect,
  type TableLayout,
  tableLayout,
} from '../../delimited/delimited-layout.js';
import { misplacedAmong, type RowReading, rowLayout } from '../../delimited/misplaced/misplaced-rows.js';
import { ShortRows } from '../../delimited/short-rows.js';
import { readTexts, surveyDocument, surveyLines } from '../../delimited/survey.js';
import { type DocumentStream, documentStream, type StreamEnd } from '../../document-stream.js';
import { type Assumption, notColumnar, wrongAssumption } from '../../parse-hint.js';
import type { ParsedBatch } from '../../types.js';
import type { EarlierDecisions } from '../../values/decide-rules.js';
import { Evidence } from '../../values/evidence.js';
import { RowGroupBuilder } from '../columns/row-group.js';
import type { Rows } from '../rows.js';
import { AddedColumns } from './added-columns.js';
import { CandidateRows } from './candidate-rows.js';
import { cellFormOf, openDelimitedRows } from './delimited-rows.js';
import { surveyColumns } from './survey-columns.js';

/**
 * Parses a delimited document in one pass over its bytes. The reference parser surveys the whole
 * document first; this one assumes after a look at the beginning what such a survey would find, and
 * checks it while it reads the rows.
 * Errors: HEADER_NOT_FOUND, HEADER_UNKNOWN, KEY_COLUMN_MISSING, and ReadAgain<ParseHint>, from here
 * or from the batches.
 */
export async function parseColumnar(
  document: ReadableDocument,
  schema: ReportSchema | undefined,
  head: string,
  { known, earlier }: { known?: Assumption; earlier: EarlierDecisions },
): Promise<DocumentStream> {
  const { metadata } = document.raw;
  const layout = delimitedLayout(document, schema, head, earlier);
  const { dialect } = layout;
  if (dialect.carriageReturnsOnly) throw notColumnar('its lines end in carriage returns alone');
  const assumed = known ?? (await assume(document, layout, head));
  const table = tableLayout(layout, schema, metadata.reportType, assumed);
  return documentStream(
    { engine: 'columnar', dialect: storedDialect(dialect, assumed.rules), tables: [table.table] },
    readBatches(document, { head, layout, table, assumed }),
  );
}

/** Characters at the beginning of a document on which an assumption rests. */
const assumedCharacters = 8 * 1024;

/** Without a schema, types need a look at all values; otherwise the beginning is enough. */
async function assume(
  document: ReadableDocument,
  layout: DelimitedLayout,
  head: string,
): Promise<Assumption> {
  if (hasInferred(layout)) {
    return { ...(await surveyColumns(document, layout)), isCertain: true };
  }
  const beginning = {
    async *openText() {
      yield wholeLines(head.slice(0, assumedCharacters));
    },
  };
  const survey = layout.dialect.quoting === 'csv' ? surveyDocument : surveyLines;
  return { ...(await survey(beginning, layout)), isCertain: false };
}

function hasInferred({ header }: DelimitedLayout): boolean {
  return header.columns.some(({ origin }) => origin === 'inferred');
}

/** A line that is cut off would show other values than the document has. */
function wholeLines(beginning: string): string {
  return beginning.length < assumedCharacters ? beginning : beginning.replace(/(?<=\n)[^\n]*$/, '');
}

/** What the rows are read by. */
interface ReadingPlan {
  /** The beginning of the text. */
  head: string;
  layout: DelimitedLayout;
  table: TableLayout;
  assumed: Assumption;
}

/** Each batch is valid until the next is pulled. */
async function* readBatches(
  document: ReadableDocument,
  plan: ReadingPlan,
): AsyncGenerator<ParsedBatch, StreamEnd> {
  const kernel = takeKernel();
  try {
    return yield* readRowGroups(document, plan, kernel);
  } finally {
    kernel.release();
  }
}

async function* readRowGroups(
  document: ReadableDocument,
  plan: ReadingPlan,
  kernel: Kernel,
): AsyncGenerator<ParsedBatch, StreamEnd> {
  const { head, layout, assumed } = plan;
  const { table, cellIndexes } = plan.table;
  const { dialect, header } = layout;
  const cellIndexOf = (column: number) => header.positions.indexOf(column);
  const evidence = new Evidence();
  const group = new RowGroupBuilder({
    kernel,
    columns: table.columns,
    cellIndexes,
    form: cellFormOf(dialect),
    rules: assumed.rules,
    evidence,
    isInferredApart: true,
    emptyCells: [...assumed.emptyNameless].map(cellIndexOf),
  });
  const short = new ShortRows(dialect.header.length);
  const reading = rowLayout(head, layout, plan.table, assumed);
  const candidates = assumed.misplaced ? undefined : new CandidateRows(kernel, reading, cellFormOf(dialect));
  const added = assumed.isCertain ? undefined : new AddedColumns(kernel, layout);
  const takeBreak = openBreaks();
  const cutter = openDelimitedRows(kernel, layout, group.maxRowsTogether, assumed.misplaced);
  const onRead = (bytes: number) => {
    group.textBytes += bytes;
  };
  for await (const rows of cutter.cutAll(document, onRead)) {
    const rejects = group.add(rows);
    if (group.filledCells.size > 0) {
      const emptyNameless = [...assumed.emptyNameless].filter(
        (column) => !group.filledCells.has(cellIndexOf(column)),
      );
      throw wrongAssumption({
        kind: 'assumption',
        assumption: { ...assumed, emptyNameless: new Set(emptyNameless) },
      });
    }
    candidates?.add(rows, rejects);
    added?.add(rows);
    countShort(rows, short);
    const pause = takeBreak();
    if (pause) await pause;
    if (!group.isFull()) continue;
    yield { table: table.name, batch: await group.batch(), rejects: group.rejects };
    group.clear();
  }
  if (!group.isEmpty()) yield { table: table.name, batch: await group.batch(), rejects: group.rejects };
  const { notes, warnings, decisions } = added
    ? await confirmed(document, { assumed, added, evidence, layout })
    : assumed;
  if (candidates) await checkCandidates(document, plan, reading, candidates);
  return joinFindings(
    { notes: header.notes, decisions: layout.decisions },
    { notes, warnings, decisions },
    short.findings(),
  );
}

function countShort({ count, numbers, short = [] }: Rows, rows: ShortRows): void {
  rows.addWhole(count - short.length);
  for (const { index, cells } of short) rows.add(numbers[index] as number, cells);
}

/**
 * Looks closer at rows that may be misplaced.
 * Errors: ReadAgain<ParseHint> if some are.
 */
async function checkCandidates(
  document: ReadableDocument,
  { layout, assumed }: ReadingPlan,
  reading: RowReading,
  candidates: CandidateRows,
): Promise<void> {
  const found = candidates.rows();
  if (found.length === 0) return;
  const misplaced = await misplacedAmong(document, reading, found);
  if (misplaced.size === 0) return;
  // What misplaced rows showed about the document no longer counts.
  const assumption: Assumption = hasInferred(layout)
    ? { ...(await surveyColumns(document, layout, misplaced)), isCertain: true }
    : { ...assumed, emptyNameless: new Set(layout.header.nameless), isCertain: false };
  throw wrongAssumption({ kind: 'assumption', assumption: { ...assumption, misplaced } });
}

/**
 * What was found about an assumption that the rows confirm.
 * Errors: ReadAgain<ParseHint>.
 */
async function confirmed(
  document: ReadableDocument,
  {
    assumed,
    added,
    evidence,
    layout,
  }: { assumed: Assumption; added: AddedColumns; evidence: Evidence; layout: DelimitedLayout },
): Promise<Required<Findings>> {
  const reading = layout.dialect.quoting === 'csv' ? 'whole' : 'line-by-line';
  const decided = await added.decide(evidence, () => readTexts(document, layout, reading, assumed.misplaced));
  const { rules, types } = decided;
  if (!isDeepStrictEqual([rules, types], [assumed.rules, assumed.types])) {
    throw wrongAssumption({ kind: 'assumption', assumption: { ...assumed, ...decided, isCertain: true } });
  }
  return { ...decided, notes: [] };
}
