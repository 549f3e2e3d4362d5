import { parse } from 'csv-parse';
import { pluralize } from '../../text/pluralize.js';
import { checkRowLength } from '../limits.js';
import type { DelimitedLayout } from './delimited-layout.js';
import { splitLine, withoutOuterQuotes } from './dialect.js';

/** What the rows of a document are read by. */
type RecordLayout = Pick<DelimitedLayout, 'dialect' | 'limits'>;

/** One data row as the document has it. */
export interface Record {
  cells: string[];
  /** The line as written. */
  raw: string;
}

/**
 * How rows are cut: by csv-parse, or line by line if a quote that never closes would swallow rows.
 */
export type RecordReading = 'whole' | 'line-by-line';

/**
 * The data rows of a delimited text, without the header and what precedes it. Blank lines are no
 * rows. Nothing is trimmed.
 * Errors: those of csv-parse if a quote is not closed; LimitExceeded.
 */
export async function* readRecords(
  text: AsyncIterable<string>,
  layout: RecordLayout,
  reading: RecordReading,
): AsyncGenerator<Record> {
  const body = withoutLastReturn(skipCharacters(text, layout.dialect.preambleCharacters));
  const records = reading === 'whole' ? wholeRecords(body, layout) : lineRecords(body, layout);
  let isHeader = true;
  for await (const record of records) {
    if (isHeader) isHeader = false;
    else if (!isBlank(record.cells)) yield record;
  }
}

async function* wholeRecords(
  text: AsyncIterable<string>,
  { dialect, limits }: RecordLayout,
): AsyncGenerator<Record> {
  const { delimiter, quoting, carriageReturnsOnly } = dialect;
  const quoted = quoting === 'csv';
  const parser = parse({
    delimiter,
    quote: quoted ? '"' : null,
    escape: quoted ? '"' : null,
    relax_quotes: quoted,
    relax_column_count: true,
    skip_empty_lines: false,
    record_delimiter: carriageReturnsOnly ? ['\r'] : ['\r\n', '\n'],
    // A longer row has an open quote in it.
    max_record_size: limits.maxRowCharacters,
    // Only csv cannot be reconstructed from its cells.
    raw: quoted,
  });
  const feeding = feed(text, parser);
  try {
    if (quoted) {
      for await (const { record, raw } of parser as AsyncIterable<{ record: string[]; raw: string }>) {
        const line = raw.replace(/\r?\n?$/, '');
        checkRowLength(line.length, 'a line', limits);
        yield { cells: record, raw: line };
      }
    } else {
      for await (const cells of parser as AsyncIterable<string[]>) {
        const raw = cells.join(delimiter);
        checkRowLength(raw.length, 'a line', limits);
        yield { cells: quoting === 'outer' ? cells.map(withoutOuterQuotes) : cells, raw };
      }
    }
    await feeding;
  } finally {
    parser.destroy();
    await feeding.catch(() => {});
  }
}

/**
 * Writes text into the parser as fast as the parser takes it. Parser errors come out of its
 * iteration.
 */
async function feed(text: AsyncIterable<string>, parser: ReturnType<typeof parse>): Promise<void> {
  try {
    for await (const chunk of text) {
      if (parser.destroyed) return;
      if (!parser.write(chunk)) {
        await new Promise<void>((resolve) => {
          const go = () => {
            parser.off('drain', go);
            parser.off('close', go);
            resolve();
          };
          parser.on('drain', go);
          parser.on('close', go);
        });
      }
    }
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
    throw error;
  }
}

async function* lineRecords(
  text: AsyncIterable<string>,
  { dialect, limits }: RecordLayout,
): AsyncGenerator<Record> {
  const { delimiter, quoting, carriageReturnsOnly } = dialect;
  let rest = '';
  for await (const chunk of text) {
    const lines = (rest + chunk).split(carriageReturnsOnly ? '\r' : '\n');
    rest = lines.pop() ?? '';
    checkRowLength(Math.max(rest.length, lines[0]?.length ?? 0), 'a line', limits);
    for (const line of lines)
      yield { cells: splitLine(line, delimiter, quoting), raw: line.replace(/\r$/, '') };
  }
  if (rest !== '') yield { cells: splitLine(rest, delimiter, quoting), raw: rest };
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

function isBlank(cells: string[]): boolean {
  return cells.length === 1 && (cells[0] ?? '').trim() === '';
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
