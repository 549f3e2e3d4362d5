import { CsvError, parse } from 'csv-parse/sync';
import { pluralize } from '../../text/pluralize.js';
import { checkRowLength } from '../limits.js';
import type { DelimitedLayout } from './delimited-layout.js';
import { type DelimitedDialect, splitLine } from './dialect.js';
import { scanRow } from './quoted-row.js';
import { examineRow } from './undoubled-quotes.js';

/** What the rows of a document are read by. */
type RecordLayout = Pick<DelimitedLayout, 'dialect' | 'limits'>;

/** One data row as the document has it. */
export interface Record {
  cells: string[];
  /** The line as written. */
  raw: string;
  /** Why the row cannot be read at all. */
  rejected?: string;
}

/**
 * How rows with quotes are cut: over line breaks inside quotes, or line by line if a quote that
 * never closes would swallow rows.
 */
export type RecordReading = 'whole' | 'line-by-line';

/** Thrown if a quote that never closes would swallow rows. */
export const swallowedRows = new Error('rows swallowed by a quote');

/** Thrown to stop csv-parse at a row. */
const closerLook = new Error('a row needs a closer look');

/**
 * The data rows of a delimited text, without the header and what precedes it. Blank lines are no
 * rows. Nothing is trimmed.
 * Errors: `swallowedRows` if a quote is not closed and rows are read whole; LimitExceeded.
 */
export async function* readRecords(
  text: AsyncIterable<string>,
  layout: RecordLayout,
  reading: RecordReading,
): AsyncGenerator<Record> {
  const { dialect } = layout;
  const body = withoutLastReturn(skipCharacters(text, dialect.charactersBeforeRows));
  const isWhole = dialect.quoting === 'csv' && reading === 'whole';
  for await (const record of isWhole ? quotedRecords(body, layout) : lineRecords(body, layout)) {
    if (!isBlank(record)) yield record;
  }
}

/** Text is parsed in pieces of about this many characters. */
const pieceCharacters = 64 * 1024;

async function* quotedRecords(text: AsyncIterable<string>, layout: RecordLayout): AsyncGenerator<Record> {
  const { maxRowCharacters } = layout.limits;
  let rest = '';
  let minCharacters = 0;
  for await (const chunk of text) {
    for (let from = 0; from < chunk.length; from += pieceCharacters) {
      rest += chunk.slice(from, from + pieceCharacters);
      if (rest.length < minCharacters) continue;
      const rows = new QuotedRows(rest, layout, false);
      yield* rows.read();
      rest = rows.rest();
      if (rest.length > maxRowCharacters) throw swallowedRows;
      // A long row is read again only when it has grown a lot.
      minCharacters = Math.min(2 * rest.length, maxRowCharacters + 1);
    }
  }
  yield* new QuotedRows(rest, layout, true).read();
}

/**
 * The rows of a piece of text; `isAll` if none follows. csv-parse reads them up to a row that RFC
 * 4180 does not explain, or that has quotes and another number of cells than the header. That row
 * gets a closer look, and csv-parse goes on behind it.
 */
class QuotedRows {
  private at = 0;
  private readonly dialect: DelimitedDialect;
  private readonly lineEnd: '\n' | '\r';

  constructor(
    private readonly text: string,
    private readonly layout: RecordLayout,
    private readonly isAll: boolean,
  ) {
    this.dialect = layout.dialect;
    this.lineEnd = layout.dialect.carriageReturnsOnly ? '\r' : '\n';
  }

  /** Errors: `swallowedRows`. */
  *read(): Generator<Record> {
    while (this.at < this.text.length) {
      for (const record of this.standardRows()) yield this.checked(record);
      if (this.at >= this.text.length) return;
      const record = this.next();
      if (!record) return;
      yield this.checked(record);
    }
  }

  private checked(record: Record): Record {
    // A row of several lines that is so long has an open quote in it.
    if (record.raw.length > this.layout.limits.maxRowCharacters) throw swallowedRows;
    return record;
  }

  /** The rows up to one that needs a closer look, or to the last line end. */
  private standardRows(): Record[] {
    const { text, isAll, lineEnd, dialect } = this;
    const end = isAll ? text.length : text.lastIndexOf(lineEnd) + 1;
    const records: Record[] = [];
    if (end <= this.at) return records;
    const onRecord = ({ record: cells, raw }: { record: string[]; raw: string }) => {
      const hasQuotes = raw.includes('"');
      // For csv-parse, a NUL behind a quote closes the cell.
      if (hasQuotes && (raw.includes('"\0') || oddityOf({ cells, hasQuotes }, dialect))) throw closerLook;
      // csv-parse leaves out the line feed behind a carriage return.
      const skipped = lineEnd === '\n' && raw.endsWith('\r') ? 1 : 0;
      records.push(this.take({ cells, end: this.at + raw.length + skipped }));
      return null;
    };
    try {
      parse(text.slice(this.at, end), {
        delimiter: dialect.delimiter,
        record_delimiter: lineEnd === '\r' ? ['\r'] : ['\r\n', '\n'],
        relax_column_count: true,
        raw: true,
        on_record: onRecord as never,
      });
    } catch (error) {
      if (!(error instanceof CsvError) && error !== closerLook) throw error;
    }
    return records;
  }

  /** What follows the rows that were read. */
  rest(): string {
    return this.text.slice(this.at);
  }

  /** Undefined if its end has not come yet. */
  private next(): Record | undefined {
    const { text, at, isAll, dialect } = this;
    if (!isAll && this.endOfLine(at) === undefined) return undefined;
    const row = scanRow(text, at, dialect.delimiter, this.lineEnd);
    if (row.kind === 'open' && !isAll) return undefined;
    // The text may go on behind what looks like the end of the last row.
    if (row.kind === 'regular' && row.end > text.length && !isAll) return undefined;
    const oddity = row.kind === 'regular' ? oddityOf(row, dialect) : row.kind;
    if (!oddity) return row.kind === 'regular' ? this.take(row) : undefined;
    const examined = examineRow((index) => this.lineAt(index), isAll, dialect, oddity);
    switch (examined.kind) {
      case 'more':
        return undefined;
      case 'as scanned':
        if (row.kind !== 'regular') throw swallowedRows;
        return this.take(row);
      case 'row':
        if (examined.hasOpenQuote) throw swallowedRows;
        return this.take({ cells: examined.cells, end: this.endOfLines(examined.lines) });
      case 'rejected':
        return { ...this.take({ cells: [], end: this.endOfLines(1) }), rejected: examined.reason };
    }
  }

  private take({ cells, end }: { cells: string[]; end: number }): Record {
    const raw = this.text.slice(this.at, end).replace(/\r?\n?$/, '');
    this.at = end;
    return { cells, raw };
  }

  private lineAt(index: number): string | undefined {
    const from = index === 0 ? this.at : this.endOfLines(index);
    const end = from < this.text.length ? this.endOfLine(from) : undefined;
    return end === undefined ? undefined : this.text.slice(from, end - 1);
  }

  private endOfLines(count: number): number {
    let at = this.at;
    for (let line = 0; line < count; line += 1) at = this.endOfLine(at) ?? this.text.length + 1;
    return at;
  }

  /** The index behind the line end; undefined if it has not come yet. */
  private endOfLine(from: number): number | undefined {
    const end = this.text.indexOf(this.lineEnd, from);
    if (end >= 0) return end + 1;
    return this.isAll ? this.text.length + 1 : undefined;
  }
}

/** Why a row needs a closer look, if it does. Rows without quoted cells are what they are. */
function oddityOf(
  { cells, hasQuotes }: { cells: string[]; hasQuotes: boolean },
  { header }: DelimitedDialect,
): 'short' | 'surplus' | undefined {
  if (!hasQuotes || cells.length === header.length) return undefined;
  if (cells.length < header.length) return 'short';
  return surplusCells(cells.length, header.length, (at) => cells[at] ?? '') > 0 ? 'surplus' : undefined;
}

async function* lineRecords(
  text: AsyncIterable<string>,
  { dialect, limits }: RecordLayout,
): AsyncGenerator<Record> {
  let rest = '';
  for await (const chunk of text) {
    const lines = (rest + chunk).split(dialect.carriageReturnsOnly ? '\r' : '\n');
    rest = lines.pop() ?? '';
    checkRowLength(Math.max(rest.length, lines[0]?.length ?? 0), 'a line', limits);
    for (const line of lines) yield lineRecord(line, dialect);
  }
  if (rest !== '') yield lineRecord(rest, dialect);
}

/** A line as a row by itself. A quote that it does not close is data. */
function lineRecord(line: string, dialect: DelimitedDialect): Record {
  const { delimiter, quoting } = dialect;
  const raw = line.replace(/\r$/, '');
  const cells = splitLine(line, delimiter, quoting);
  if (quoting !== 'csv' || !raw.includes('"')) return { cells, raw };
  const row = scanRow(raw, 0, delimiter, '\n');
  const oddity = row.kind === 'regular' ? oddityOf(row, dialect) : row.kind;
  if (!oddity) return { cells: row.kind === 'regular' ? row.cells : cells, raw };
  const scanned = oddity === 'open' ? 'irregular' : oddity;
  const examined = examineRow((index) => (index === 0 ? line : undefined), true, dialect, scanned);
  if (examined.kind === 'row') return { cells: examined.cells, raw };
  if (examined.kind === 'rejected') return { cells: [], raw, rejected: examined.reason };
  return { cells, raw };
}

/** A text that breaks off between `\r` and `\n` still ends with a line. */
async function* withoutLastReturn(text: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const chunk of text) {
    const piece = held + chunk;
    held = piece.endsWith('\r') ? '\r' : '';
    yield held ? piece.slice(0, -1) : piece;
  }
}

async function* skipCharacters(text: AsyncIterable<string>, count: number): AsyncGenerator<string> {
  let left = count;
  for await (const chunk of text) {
    if (left >= chunk.length) {
      left -= chunk.length;
    } else {
      yield left > 0 ? chunk.slice(left) : chunk;
      left = 0;
    }
  }
}

function isBlank({ cells, rejected }: Record): boolean {
  return rejected === undefined && cells.length === 1 && (cells[0] ?? '').trim() === '';
}

/**
 * Number of cells beyond the header width, up to the last non-empty one. Empty cells behind it are
 * harmless.
 */
export function surplusCells(cells: number, headerCells: number, cellAt: (index: number) => string): number {
  let last = cells;
  while (last > headerCells && cellAt(last - 1).trim() === '') last -= 1;
  return Math.max(last - headerCells, 0);
}

/** Why a whole row is rejected. */
export function surplusReason(surplus: number): string {
  return `${pluralize(surplus, 'cell')} more than the header`;
}
