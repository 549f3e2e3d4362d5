import type { ReportSchema } from '../../schema/types.js';
import type { ExaminedDocument } from '../../source/types.js';
import type { DelimitedDialect } from '../dialect.js';
import type { Evidence } from '../evidence.js';
import { type Survey, surveyDocument } from '../survey.js';
import { type DelimitedLayout, delimitedLayout, dialectFacts, tableLayout } from '../table-layout.js';
import type { ParsedBatch, ParsedDocument, ReadableRows } from '../types.js';
import { openQuotedRows } from './quoted-rows.js';
import { openPlainCutter, RowGroupBuilder, type RowGroupSpec } from './row-group.js';
import { NotColumnar } from './rows.js';
import { readSlabs } from './slab.js';

/** What holds for a document as a whole, as far as rows are read by it. */
export interface Assumption extends Omit<Survey, 'reading'> {
  /** Whether it comes from the whole document, and holds. */
  isCertain: boolean;
}

/**
 * The rows of a document show that it was read by a wrong assumption; `right` is what holds. What was read of it is void: it is read again
 * by the right one.
 */
export class WrongAssumption extends Error {
  constructor(readonly right: Assumption) {
    super('the document was read by a wrong assumption');
  }
}

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
  const placeOf = (index: number) => header.positions.indexOf(index);
  const spec: RowGroupSpec = {
    columns: table.columns,
    places,
    delimiter: dialect.delimiter,
    quoting: dialect.quoting,
    width: dialect.header.length,
    rules: assumed.rules,
    emptyPlaces: [...assumed.emptyNameless].map(placeOf),
  };
  const readable: ReadableRows = {
    spec,
    skipLines: dialect.preambleLines + 1,
    openUtf8: () => openUtf8(document),
    confirm(evidence, filledPlaces) {
      const filled = [...assumed.emptyNameless].filter((index) => filledPlaces.has(placeOf(index)));
      if (filled.length > 0) throw new WrongAssumption(without(assumed, filled));
      notes.push(...(assumed.isCertain ? assumed.notes : confirmed(assumed, evidence, layout)));
    },
  };
  return {
    engine: 'columnar',
    dialect: dialectFacts(dialect, assumed.rules),
    tables: [table],
    notes,
    batches: readBatches(table.name, readable, dialect),
    // Only where a line end is one wherever it stands can a text be cut there.
    ...(dialect.quoting === 'csv' ? {} : { readable }),
  };
}

/** A type without a schema needs all of its values to be known; otherwise the beginning tells enough. */
async function assume(
  document: ExaminedDocument,
  layout: DelimitedLayout,
  head: string,
): Promise<Assumption> {
  const isCertain = layout.header.columns.some(({ origin }) => origin === 'inferred');
  const beginning = {
    async *openText() {
      yield head;
    },
  };
  return { ...(await surveyDocument(isCertain ? document : beginning, layout)), isCertain };
}

async function* readBatches(
  table: string,
  { spec, skipLines, openUtf8, confirm }: ReadableRows,
  dialect: DelimitedDialect,
): AsyncGenerator<ParsedBatch> {
  const cutter = spec.quoting === 'csv' ? openQuotedRows(dialect) : openPlainCutter(spec, skipLines);
  const group = new RowGroupBuilder(spec);
  for await (const slab of readSlabs(openUtf8())) {
    for (const rows of cutter.cut(slab)) group.add(rows);
    // No need to read on.
    if (group.filledPlaces.size > 0) break;
    group.textBytes += slab.length;
    if (!group.isFull()) continue;
    if (!group.isEmpty()) yield { table, batch: group.batch(), rejects: group.rejects };
    group.clear();
  }
  cutter.end();
  if (!group.isEmpty()) yield { table, batch: group.batch(), rejects: group.rejects };
  confirm(group.evidence, group.filledPlaces);
}

/** The notes on what was assumed. Errors: WrongAssumption. */
function confirmed(
  assumed: Assumption,
  evidence: Evidence,
  { header, countries }: DelimitedLayout,
): string[] {
  const declared = header.schemaColumns.find((column) => column?.dateOrder)?.dateOrder;
  const rules = evidence.decide(declared, countries);
  const isRight =
    rules.decimalMark === assumed.rules.decimalMark && rules.dateOrder === assumed.rules.dateOrder;
  if (!isRight) throw new WrongAssumption({ ...assumed, rules });
  return evidence.notes(rules);
}

function without(assumed: Assumption, indexes: number[]): Assumption {
  const emptyNameless = new Set([...assumed.emptyNameless].filter((index) => !indexes.includes(index)));
  return { ...assumed, emptyNameless };
}

/** The bytes of a document in UTF-8. A byte order mark stands before the header, where it does no harm. */
async function* openUtf8(document: ExaminedDocument): AsyncGenerator<Uint8Array> {
  if (document.isValidUtf8) yield* document.openBytes();
  else for await (const text of document.openText()) yield Buffer.from(text);
}
