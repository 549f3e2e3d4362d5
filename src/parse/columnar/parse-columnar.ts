import type { Data } from 'apache-arrow';
import type { ReportSchema } from '../../schema/types.js';
import type { ExaminedDocument } from '../../source/types.js';
import { recordBatch } from '../batch-builder.js';
import { Evidence } from '../evidence.js';
import { noNulls } from '../null-bitmap.js';
import { type Survey, surveyDocument } from '../survey.js';
import { type DelimitedLayout, delimitedLayout, dialectFacts, tableLayout } from '../table-layout.js';
import type { ParsedBatch, ParsedDocument, ParsedTable, Reject } from '../types.js';
import { nullData } from './arrow-data.js';
import { Column } from './column.js';
import { openPlainRows } from './plain-rows.js';
import { withoutOuterQuotes } from '../dialect.js';
import { openQuotedRows } from './quoted-rows.js';
import { NotColumnar, type RowCutter, type Rows } from './rows.js';
import { readSlabs } from './slab.js';
import { openSink } from '../value-sinks.js';

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

/** A batch is a row group: that many rows, or less where rows are wide or long. */
const mostRows = 122_880;
const mostCells = 4_000_000;
const mostTextBytes = 32 * 1024 * 1024;

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
    batches: readBatches(document, layout, assumed, table, places, notes),
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
  document: ExaminedDocument,
  layout: DelimitedLayout,
  assumed: Assumption,
  table: ParsedTable,
  places: (number | undefined)[],
  notes: string[],
): AsyncGenerator<ParsedBatch> {
  const { dialect, header } = layout;
  const evidence = new Evidence();
  const outerQuotes = dialect.quoting === 'outer';
  const columns = table.columns.map((column, index) => {
    const place = places[index];
    return place === undefined
      ? undefined
      : new Column({ column, place, outerQuotes, rules: assumed.rules, evidence });
  });
  const cutter = openCutter(layout);
  const watched = [...assumed.emptyNameless].map((index) => ({
    index,
    place: header.positions.indexOf(index),
  }));
  const rowLimit = Math.max(1, Math.min(mostRows, Math.floor(mostCells / columns.length)));
  const group = new RowGroupInWork(table, columns);
  for await (const slab of readSlabs(openUtf8(document))) {
    for (const rows of cutter.cut(slab)) {
      for (const { index, place } of watched) {
        if (hasContent(rows, place)) throw new WrongAssumption(without(assumed, index));
      }
      group.add(rows);
    }
    group.textBytes += slab.length;
    if (group.rows < rowLimit && group.textBytes < mostTextBytes) continue;
    if (group.rows > 0 || group.rejects.length > 0) yield group.take();
    group.clear();
  }
  cutter.end();
  if (group.rows > 0 || group.rejects.length > 0) yield group.take();
  notes.push(...(assumed.isCertain ? assumed.notes : confirmed(assumed, evidence, layout)));
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

function openCutter({ dialect }: DelimitedLayout): RowCutter {
  const { delimiter, quoting, preambleLines } = dialect;
  const width = dialect.header.length;
  if (quoting === 'csv') return openQuotedRows(dialect);
  const cellText = quoting === 'outer' ? withoutOuterQuotes : (text: string) => text;
  return openPlainRows({ delimiter, width, skipLines: preambleLines + 1, cellText });
}

/** Rows on their way into one batch. */
class RowGroupInWork {
  textBytes = 0;
  rejects: Reject[] = [];
  private readonly numbers = openSink({ kind: 'int64' });

  constructor(
    private readonly table: ParsedTable,
    private readonly columns: (Column | undefined)[],
  ) {}

  get rows(): number {
    return this.numbers.length;
  }

  add(rows: Rows): void {
    const found = [...rows.rejects];
    for (const column of this.columns) column?.add(rows, found);
    for (let row = 0; row < rows.count; row += 1) this.numbers.pushInteger(rows.numbers[row] as number);
    if (found.length > 0) this.rejects.push(...this.inOrder(found));
  }

  take(): ParsedBatch {
    const { rows } = this;
    const children = this.columns.map((column): Data => column?.take() ?? nullData(rows));
    children.push(this.numbers.data(noNulls));
    const batch = recordBatch(
      this.table.columns.map(({ name }) => name),
      children,
    );
    return { table: this.table.name, batch, rejects: this.rejects };
  }

  clear(): void {
    this.textBytes = 0;
    this.rejects = [];
    this.numbers.clear();
    for (const column of this.columns) column?.clear();
  }

  /** By row, then by column: they were found column by column. */
  private inOrder(rejects: Reject[]): Reject[] {
    const places = new Map(this.table.columns.map(({ name }, index) => [name, index]));
    const place = ({ column }: Reject) => (column === null ? -1 : (places.get(column) ?? -1));
    return rejects.sort((a, b) => a.row - b.row || place(a) - place(b));
  }
}

function hasContent(rows: Rows, place: number): boolean {
  for (let row = 0; row < rows.count; row += 1) {
    const mark = (rows.first[row] as number) + place;
    if ((rows.marks[mark + 1] as number) - (rows.marks[mark] as number) > 1) return true;
  }
  return false;
}

function without(assumed: Assumption, index: number): Assumption {
  const emptyNameless = new Set(assumed.emptyNameless);
  emptyNameless.delete(index);
  return { ...assumed, emptyNameless };
}

/** The bytes of a document in UTF-8. A byte order mark stands before the header, where it does no harm. */
async function* openUtf8(document: ExaminedDocument): AsyncGenerator<Uint8Array> {
  if (document.isValidUtf8) yield* document.openBytes();
  else for await (const text of document.openText()) yield Buffer.from(text);
}
