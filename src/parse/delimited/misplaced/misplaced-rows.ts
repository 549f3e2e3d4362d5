import type { ReadableDocument } from '../../../source/types.js';
import { rulesOf, textReader } from '../../values/values.js';
import type { DelimitedLayout, TableLayout } from '../delimited-layout.js';
import { readRecords, type RecordReading, surplusCells } from '../records.js';
import type { Survey } from '../survey.js';
import { type CandidateKind, Candidates } from './candidates.js';
import {
  findMisplaced,
  maxLearnedRows,
  type NumberedRow,
  repeatsHeader,
  type RowLayout,
} from './find-misplaced.js';
import { minUnusualCells, unusualCells, type UsualRows, usualRows } from './usual-lengths.js';

/** How the rows of a document are read, and what they usually look like. */
export interface RowReading extends RowLayout {
  layout: DelimitedLayout;
  reading: RecordReading;
  usual: UsualRows;
}

/** `head`: the beginning of the text of the document. */
export function rowLayout(
  head: string,
  layout: DelimitedLayout,
  table: TableLayout,
  { rules, reading }: Pick<Survey, 'rules'> & Partial<Pick<Survey, 'reading'>>,
): RowReading {
  const usual = usualRows(head, layout, table);
  const headers = layout.dialect.header;
  const columns = headers.map((_, cell) => table.table.columns[table.cellIndexes.indexOf(cell)]);
  return { layout, reading: reading ?? 'whole', usual, headers, columns, rules, usualWidths: usual.widths };
}

/** Reads the whole document and returns why rows of it are rejected, by row number. */
export async function misplacedRows(
  document: Pick<ReadableDocument, 'openText'>,
  rows: RowReading,
): Promise<Map<number, string>> {
  const kindOf = candidateTest(rows);
  const learned: NumberedRow[] = [];
  const candidates = new Candidates();
  let count = 0;
  for await (const each of numberedRows(document, rows)) {
    count += 1;
    if (learned.length < maxLearnedRows) learned.push(each);
    const kind = kindOf(each.cells);
    if (kind) candidates.add(kind, each);
  }
  return findMisplaced(learned, candidates.rows(count), rows);
}

/** The same if the candidates are known. */
export async function misplacedAmong(
  document: Pick<ReadableDocument, 'openText'>,
  rows: RowReading,
  candidates: NumberedRow[],
): Promise<Map<number, string>> {
  const learned: NumberedRow[] = [];
  for await (const each of numberedRows(document, rows)) {
    learned.push(each);
    if (learned.length === maxLearnedRows) break;
  }
  return findMisplaced(learned, candidates, rows);
}

/** Rows without those that are rejected anyway. Cells beyond the header are left out. */
async function* numberedRows(
  document: Pick<ReadableDocument, 'openText'>,
  { layout, reading, headers }: RowReading,
): AsyncGenerator<NumberedRow> {
  let row = 0;
  for await (const { cells, rejected } of readRecords(document.openText(), layout, reading)) {
    row += 1;
    if (rejected || surplusCells(cells.length, headers.length, (index) => cells[index] ?? '') > 0) continue;
    yield { row, cells: cells.slice(0, headers.length) };
  }
}

/** Whether a row is worth a closer look. */
function candidateTest({ headers, columns, rules, usual }: RowReading) {
  const readers = columns.map((column) =>
    column && column.type.kind !== 'string'
      ? textReader(column.type, rulesOf(rules, column.name))
      : undefined,
  );
  return (cells: string[]): CandidateKind | undefined => {
    const isOdd =
      isShort(cells.length, headers.length, usual) ||
      repeatsHeader(cells, headers) ||
      readers.some((read, index) => read && cells[index] && read(cells[index]) === undefined);
    if (isOdd) return 'odd';
    return unusualCells(cells, usual.watched) >= minUnusualCells ? 'unusual' : undefined;
  };
}

/** Whether a row lacks cells that others have. */
export function isShort(cells: number, headerCells: number, { widths }: UsualRows): boolean {
  return cells < headerCells && !widths.has(cells);
}
