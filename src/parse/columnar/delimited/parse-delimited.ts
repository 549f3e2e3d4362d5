import { type Kernel, takeKernel } from '../../../kernel/kernel.js';
import type { ReportSchema } from '../../../schema/types.js';
import type { ExaminedDocument } from '../../../source/types.js';
import type { Evidence } from '../../values/evidence.js';
import { decideRules, surveyDocument, surveyLines } from '../../delimited/survey.js';
import {
  type DelimitedLayout,
  delimitedLayout,
  dialectFacts,
  type TableLayout,
  tableLayout,
} from '../../delimited/delimited-layout.js';
import type { ParsedBatch, ParsedDocument } from '../../types.js';
import { cellFormOf, openDelimitedRows } from './delimited-rows.js';
import { RowGroupBuilder } from '../columns/row-group.js';
import { NotColumnar } from '../rows.js';
import { openUtf8, readSlabs } from '../slab.js';
import { surveyColumns } from './survey-columns.js';
import { type Assumption, WrongAssumption } from '../wrong-assumption.js';

/**
 * Parses a delimited document in one pass over its bytes. What the reference parser finds out by a survey of the whole document is assumed
 * after a look at its beginning, and checked while the rows are read: where that was wrong, the iteration of the batches ends with
 * WrongAssumption. The notes are complete when the batches are.
 * Errors: HEADER_NOT_FOUND, WrongAssumption, NotColumnar.
 */
export async function parseColumnar(
  document: ExaminedDocument,
  schema: ReportSchema | undefined,
  head: string,
  known?: Assumption,
): Promise<ParsedDocument> {
  const { facts } = document.raw;
  const layout = delimitedLayout(facts, schema, head);
  const { dialect, header } = layout;
  if (dialect.carriageReturnsOnly) throw new NotColumnar('its lines end in carriage returns alone');
  const assumed = known ?? (await assume(document, layout, head));
  const { table, places } = tableLayout(layout, schema, facts.reportType, assumed);
  const notes = [...header.notes];
  return {
    engine: 'columnar',
    dialect: dialectFacts(dialect, assumed.rules),
    tables: [table],
    notes,
    batches: readBatches(document, layout, assumed, { table, places }, notes),
  };
}

/** Characters of the beginning that are read for an assumption. */
const assumedCharacters = 8 * 1024;

/** A type without a schema needs all of its values to be known; otherwise the beginning tells enough. */
async function assume(
  document: ExaminedDocument,
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

/** Each batch is good until the next is pulled. */
async function* readBatches(
  document: ExaminedDocument,
  layout: DelimitedLayout,
  assumed: Assumption,
  table: TableLayout,
  notes: string[],
): AsyncGenerator<ParsedBatch> {
  const kernel = takeKernel();
  try {
    yield* readRowGroups(document, layout, { ...table, assumed, kernel, notes });
  } finally {
    kernel.giveBack();
  }
}

interface Reading extends TableLayout {
  assumed: Assumption;
  kernel: Kernel;
  notes: string[];
}

async function* readRowGroups(
  document: ExaminedDocument,
  layout: DelimitedLayout,
  { assumed, table, places, kernel, notes }: Reading,
): AsyncGenerator<ParsedBatch> {
  const { dialect, header } = layout;
  const placeOf = (index: number) => header.positions.indexOf(index);
  const group = new RowGroupBuilder({
    kernel,
    columns: table.columns,
    places,
    form: cellFormOf(dialect),
    rules: assumed.rules,
    emptyPlaces: [...assumed.emptyNameless].map(placeOf),
  });
  const cutter = openDelimitedRows(kernel, dialect, group.rowsTogether);
  for await (const slab of readSlabs(kernel, openUtf8(document))) {
    for (const rows of cutter.cut(slab)) {
      group.add(rows);
      if (!group.isFull()) continue;
      yield { table: table.name, batch: group.batch(), rejects: group.rejects };
      group.clear();
    }
    if (group.filledPlaces.size > 0) {
      const emptyNameless = [...assumed.emptyNameless].filter(
        (index) => !group.filledPlaces.has(placeOf(index)),
      );
      throw new WrongAssumption({ ...assumed, emptyNameless: new Set(emptyNameless) });
    }
    group.textBytes += slab.length;
  }
  cutter.end();
  if (!group.isEmpty()) yield { table: table.name, batch: group.batch(), rejects: group.rejects };
  notes.push(...(assumed.isCertain ? assumed.notes : confirmed(assumed, group.evidence, layout)));
}

/** The notes on what was assumed. Errors: WrongAssumption. */
function confirmed(assumed: Assumption, evidence: Evidence, layout: DelimitedLayout): string[] {
  const rules = decideRules(evidence, layout);
  const isRight =
    rules.decimalMark === assumed.rules.decimalMark && rules.dateOrder === assumed.rules.dateOrder;
  if (!isRight) throw new WrongAssumption({ ...assumed, rules });
  return evidence.notes(rules);
}
