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
import { decideDelimited, readTexts, surveyDocument, surveyLines } from '../../delimited/survey.js';
import { type DocumentStream, documentStream, type StreamEnd } from '../../document-stream.js';
import { type Assumption, notColumnar, wrongAssumption } from '../../parse-hint.js';
import type { ParsedBatch } from '../../types.js';
import type { EarlierDecisions } from '../../values/decide-rules.js';
import { Evidence } from '../../values/evidence.js';
import { RowGroupBuilder } from '../columns/row-group.js';
import { readSlabs } from '../slab.js';
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
    readBatches(document, { layout, table, assumed }),
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
  if (layout.header.columns.some(({ origin }) => origin === 'inferred')) {
    return { ...(await surveyColumns(document, layout)), isCertain: true };
  }
  const beginning = {
    async *openText() {
      yield head.slice(0, assumedCharacters);
    },
  };
  const survey = layout.dialect.quoting === 'csv' ? surveyDocument : surveyLines;
  return { ...(await survey(beginning, layout)), isCertain: false };
}

/** What the rows are read by. */
interface ReadingPlan {
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
  { layout, table: { table, cellIndexes }, assumed }: ReadingPlan,
  kernel: Kernel,
): AsyncGenerator<ParsedBatch, StreamEnd> {
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
    emptyCells: [...assumed.emptyNameless].map(cellIndexOf),
  });
  const cutter = openDelimitedRows(kernel, layout, group.maxRowsTogether);
  const takeBreak = openBreaks();
  for await (const slab of readSlabs(kernel, document)) {
    for (const rows of cutter.cut(slab)) {
      group.add(rows);
      const pause = takeBreak();
      if (pause) await pause;
      if (!group.isFull()) continue;
      yield { table: table.name, batch: await group.batch(), rejects: group.rejects };
      group.clear();
    }
    if (group.filledCells.size > 0) {
      const emptyNameless = [...assumed.emptyNameless].filter(
        (column) => !group.filledCells.has(cellIndexOf(column)),
      );
      throw wrongAssumption({
        kind: 'assumption',
        assumption: { ...assumed, emptyNameless: new Set(emptyNameless) },
      });
    }
    group.textBytes += slab.length;
  }
  cutter.end();
  if (!group.isEmpty()) yield { table: table.name, batch: await group.batch(), rejects: group.rejects };
  const { notes, warnings, decisions } = assumed.isCertain
    ? assumed
    : await confirmed(document, { assumed, evidence, layout });
  return joinFindings({ notes: header.notes, decisions: layout.decisions }, { notes, warnings, decisions });
}

/**
 * What was found about an assumption that the rows confirm.
 * Errors: ReadAgain<ParseHint>.
 */
async function confirmed(
  document: ReadableDocument,
  { assumed, evidence, layout }: { assumed: Assumption; evidence: Evidence; layout: DelimitedLayout },
): Promise<Required<Findings>> {
  const reading = layout.dialect.quoting === 'csv' ? 'whole' : 'line-by-line';
  const decided = await decideDelimited(evidence, layout, () => readTexts(document, layout, reading));
  if (!isDeepStrictEqual(decided.rules, assumed.rules)) {
    throw wrongAssumption({ kind: 'assumption', assumption: { ...assumed, ...decided, isCertain: true } });
  }
  return { ...decided, notes: [] };
}
