import { pluralize } from '../../text/pluralize.js';
import { looseHeader } from '../../schema/column-name.js';
import type { Quoting, ReportSchema } from '../../schema/types.js';
import { scanRow, skipBlanks } from './quoted-row.js';

/** How a delimited document is written. */
export interface DelimitedDialect {
  delimiter: string;
  quoting: Quoting;
  /** Lines before the header. */
  preambleLines: number;
  /** Characters of the text before the header line. */
  preambleCharacters: number;
  /** Lines of the header: a quoted cell of it may contain line breaks. */
  headerLines: number;
  /** Characters of the text before the first row. */
  charactersBeforeRows: number;
  header: string[];
  /**
   * The last line before the header that is as wide as it, if the schema does not know the header.
   */
  passedOver?: string;
  /** Lines end with `\r` alone, as old spreadsheets wrote them. */
  carriageReturnsOnly: boolean;
  /** Why, for the ledger. */
  reasons: { delimiter: string; quoting: string };
}

const tab = '\t';
const delimiters = [tab, ',', ';', '|'];

export const delimiterNames: Record<string, string> = {
  [tab]: 'tab',
  ',': 'comma',
  ';': 'semicolon',
  '|': 'pipe',
};

/** The header is searched in this many lines. Preambles of up to nine lines have been seen. */
export const maxHeaderLines = 40;

interface Candidate {
  lineIndex: number;
  /** Lines that it takes. */
  lineCount: number;
  delimiter: string;
  cells: string[];
  /** How many headers of the schema the line has; undefined if that did not decide. */
  matches?: number;
}

/**
 * Decides delimiter, quoting and header line from the beginning of a text. With a schema, the
 * header is the line with most of its headers; otherwise the first line about as wide as most.
 * Undefined if no line can be a header.
 */
export function decideDialect(head: string, schema: ReportSchema | undefined): DelimitedDialect | undefined {
  const carriageReturnsOnly = !head.includes('\n') && /\r[^\n]/.test(head);
  const lines = head.split(carriageReturnsOnly ? '\r' : '\n', maxHeaderLines);
  const known = schema && byKnownHeaders(lines, schema);
  const found = known ?? byWidth(lines, schema);
  if (!found) return undefined;
  const { lineIndex, lineCount, delimiter, cells, matches } = found;
  const { quoting, reason } = decideQuoting(delimiter, lines.slice(lineIndex), schema);
  const isAsWide = (line: string) => cells.length > 1 && cellsOfLine(line, delimiter).length === cells.length;
  const charactersOf = (count: number) =>
    lines.slice(0, count).reduce((sum, line) => sum + line.length + 1, 0);
  return {
    delimiter,
    quoting,
    preambleLines: lineIndex,
    preambleCharacters: charactersOf(lineIndex),
    headerLines: lineCount,
    charactersBeforeRows: charactersOf(lineIndex + lineCount),
    header: quoting === 'none' ? splitLine(lines[lineIndex] ?? '', delimiter, 'none') : cells,
    passedOver: known ? undefined : lines.slice(0, lineIndex).findLast(isAsWide),
    carriageReturnsOnly,
    reasons: {
      delimiter:
        matches === undefined
          ? 'splits most lines into the same number of cells'
          : `splits a line into ${pluralize(matches, 'header')} of the schema`,
      quoting: reason,
    },
  };
}

/** Splits one line into cells. A quote that never closes is data. */
export function splitLine(line: string, delimiter: string, quoting: Quoting): string[] {
  const text = line.replace(/\r$/, '');
  if (quoting === 'csv') return splitCsvLine(text, delimiter);
  const cells = text.split(delimiter);
  return quoting === 'outer' ? cells.map(withoutOuterQuotes) : cells;
}

/** Strips one pair of quotes. Quotes inside are data, doubled or not. */
export function withoutOuterQuotes(cell: string): string {
  return cell.length >= 2 && cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1) : cell;
}

function splitCsvLine(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let at = 0;
  // Once a quote is not closed, later ones are not searched: that could take quadratic time.
  let closes = true;
  for (;;) {
    const open = skipBlanks(line, at);
    if (closes && line[open] === '"') {
      const close = closingQuote(line, open, delimiter);
      closes = close !== undefined;
      if (close !== undefined) {
        cells.push(line.slice(open + 1, close).replaceAll('""', '"'));
        const end = skipBlanks(line, close + 1);
        if (end >= line.length) return cells;
        at = end + 1;
        continue;
      }
    }
    const next = line.indexOf(delimiter, at);
    if (next < 0) {
      cells.push(line.slice(at));
      return cells;
    }
    cells.push(line.slice(at, next));
    at = next + 1;
  }
}

/** The quote that ends a cell is followed by a delimiter or the end of the line. */
function closingQuote(line: string, open: number, delimiter: string): number | undefined {
  for (let at = open + 1; at < line.length; at += 1) {
    if (line[at] !== '"') continue;
    const end = skipBlanks(line, at + 1);
    if (line[at + 1] === '"') at += 1;
    else if (end === line.length || line[end] === delimiter) return at;
  }
  return undefined;
}

function candidates(lines: string[], schema: ReportSchema | undefined): Candidate[] {
  return lines.flatMap((_, lineIndex) =>
    delimiters.map((delimiter) => candidateAt(lines, lineIndex, delimiter, schema)),
  );
}

/** A header has no more lines than this. */
const maxLinesOfHeader = 8;

/**
 * The line as a header. If a quoted cell continues on the next lines, they belong to it; a line
 * break in the name of a column is a blank.
 */
function candidateAt(
  lines: string[],
  lineIndex: number,
  delimiter: string,
  schema: ReportSchema | undefined,
): Candidate {
  let text = lines[lineIndex] ?? '';
  const single = { lineIndex, lineCount: 1, delimiter, cells: cellsOfLine(text, delimiter) };
  if (!isQuotable(delimiter, schema) || !text.includes('"')) return single;
  for (let lineCount = 1; lineCount <= maxLinesOfHeader; lineCount += 1) {
    const row = scanRow(text.replace(/\r$/, ''), 0, delimiter, '\n');
    const next = lines[lineIndex + lineCount];
    if (row.kind === 'regular' && lineCount > 1) {
      return { ...single, lineCount, cells: row.cells.map((cell) => cell.replace(/\s*[\r\n]\s*/g, ' ')) };
    }
    if (row.kind !== 'open' || next === undefined) break;
    text += `\n${next}`;
  }
  return single;
}

function cellsOfLine(line: string, delimiter: string): string[] {
  return splitCsvLine(line.replace(/\r$/, ''), delimiter);
}

/** Whether cells may contain delimiters and line breaks inside quotes. */
function isQuotable(delimiter: string, schema: ReportSchema | undefined): boolean {
  return delimiter !== tab || (schema?.format === 'tsv' && schema.quoting === 'csv');
}

function byKnownHeaders(lines: string[], schema: ReportSchema): Candidate | undefined {
  const known = knownHeaders(schema);
  const expected = schema.format === 'csv' ? ',' : '\t';
  let best: Candidate | undefined;
  let bestScore = 0;
  const widths = delimiters.map((delimiter) => lines.map((line) => line.split(delimiter).length));
  lines.forEach((line, lineIndex) => {
    for (const [index, delimiter] of delimiters.entries()) {
      // Of equals, the delimiter that the schema expects wins, then the first one.
      const bonus = delimiter === expected ? 0.5 : 0;
      // Rows are no wider than the header and need no closer look, nor do so many of them together
      // as a header may have lines.
      const lineCount = isQuotable(delimiter, schema) && line.includes('"') ? maxLinesOfHeader : 1;
      const ofLines = widths[index]?.slice(lineIndex, lineIndex + lineCount) ?? [];
      if (ofLines.reduce((sum, width) => sum + width, bonus) <= bestScore) continue;
      const candidate = candidateAt(lines, lineIndex, delimiter, schema);
      const { cells } = candidate;
      const matches = countMatches(cells, known, bestScore - bonus);
      if (matches === 0 || matches + bonus <= bestScore) continue;
      best = { ...candidate, matches };
      bestScore = matches + bonus;
    }
  });
  // A single match may be chance, in a preamble or a row.
  return bestScore >= Math.min(2, known.size) ? best : undefined;
}

/**
 * Returns how many known headers are among the cells, or 0 as soon as there can't be more than
 * `floor`: most lines are rows, and their first cell shows it.
 */
function countMatches(cells: string[], known: ReadonlySet<string>, floor: number): number {
  const found = new Set<string>();
  for (const [index, cell] of cells.entries()) {
    if (found.size + cells.length - index <= floor) return 0;
    const header = looseHeader(cell);
    if (known.has(header)) found.add(header);
  }
  return found.size;
}

const headersOfSchemas = new WeakMap<ReportSchema, Set<string>>();

/** All headers that a schema knows, in their loose spelling. */
function knownHeaders(schema: ReportSchema): Set<string> {
  const before = headersOfSchemas.get(schema);
  if (before) return before;
  const columns = schema.tables.flatMap((table) => table.columns);
  const known = new Set(columns.flatMap(({ from, name }) => [...from, name].map(looseHeader)));
  headersOfSchemas.set(schema, known);
  return known;
}

/**
 * If no header is known: the first line about as wide as most, as preamble lines are narrow. A
 * message is no header, however many commas it has.
 */
function byWidth(lines: string[], schema: ReportSchema | undefined): Candidate | undefined {
  const all = candidates(lines, schema).filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  const own = delimiters.map((delimiter) =>
    all.filter((each) => each.delimiter === delimiter && each.cells.length > 1),
  );
  const [tabbed = []] = own;
  const chosen = isTabbed(tabbed, all) && !hasTabsInCells(own, all) ? tabbed : regularLines(own);
  const usual = modeOf(chosen.map(({ cells }) => cells.length));
  const wide = chosen.filter(({ cells }) => cells.length >= Math.floor(usual * minShare));
  const header = wide.find(
    (each, index) => each.delimiter === tab || !isSentence(each) || hasRowsBelow(each, wide.slice(index + 1)),
  );
  // If a type has a schema and all headers are unknown, the text must at least look like a table.
  const minCells = 3;
  const isTable = !schema?.tables.length || (wide.length > 1 && usual >= minCells);
  if (header && isRowOfValues(header, wide)) return undefined;
  if (header) return header.delimiter === tab || isTable ? header : undefined;
  if (wide.length > 0) return undefined;
  // A single column: a few words on top, and rows below. A sentence is a message, not a header.
  const [first, second] = all.filter((each) => each.delimiter === tab);
  const isName =
    first?.cells.length === 1 &&
    /^"?[\p{L}][\p{L}\p{N}_-]*( [\p{L}\p{N}_-]+){0,2}"?$/u.test(first.cells[0]?.trim() ?? '');
  const isWord = isName && !first.cells[0]?.trim().includes(' ');
  return (isName && second) || (isWord && schema) ? first : undefined;
}

/** A header may lack cells that the rows have, and vice versa. */
const minShare = 0.7;

/**
 * Neither sentences nor cells contain tabs. If most lines have tabs, from the first such line on,
 * tabs are the delimiter.
 */
function isTabbed(tabbed: Candidate[], all: Candidate[]): boolean {
  const [first] = tabbed;
  if (!first) return false;
  const from = all.filter(({ delimiter, lineIndex }) => delimiter === tab && lineIndex >= first.lineIndex);
  return tabbed.length * 2 >= from.length;
}

/**
 * Whether another delimiter cuts all lines into equally many cells, and tabs do not: then they are
 * in quoted cells.
 */
function hasTabsInCells([tabbed = [], ...others]: Candidate[][], all: Candidate[]): boolean {
  const lines = new Set(all.map(({ lineIndex }) => lineIndex)).size;
  const cutsAll = (each: Candidate[]) =>
    each.length === lines && each.every(({ cells }) => cells.length === each[0]?.cells.length);
  return !cutsAll(tabbed) && others.some(cutsAll);
}

/**
 * The delimiter by which most lines have the same width; of equals, the one that makes more cells.
 */
function regularLines(own: Candidate[][]): Candidate[] {
  let best: Candidate[] = [];
  let bestScore = 0;
  for (const lines of own) {
    const usual = modeOf(lines.map(({ cells }) => cells.length));
    const alike = lines.filter(({ cells }) => cells.length === usual).length;
    const maxCells = 10_000;
    const score = alike * maxCells + Math.min(usual, maxCells - 1);
    if (score > bestScore) [best, bestScore] = [lines, score];
  }
  return best;
}

/**
 * Whether a line with commas is a sentence: a header has no full stop, and no blanks before its
 * words.
 */
function isSentence({ cells }: Candidate): boolean {
  return /[.!?。]\s*$/.test(cells.at(-1) ?? '') || cells.some((cell) => /^ +\p{Ll}/u.test(cell));
}

/**
 * Whether a line that ends like a sentence, for example `id,name,Valid?`, is a header: the lines
 * below it have as many cells and are no sentences. A comma within a sentence has a blank behind
 * it, and rows of numbers below that blank.
 */
function hasRowsBelow({ cells }: Candidate, below: Candidate[]): boolean {
  const minShareAlike = 0.9;
  const maxWords = 6;
  const alike = below.filter((row) => row.cells.length === cells.length);
  if (alike.length === 0 || alike.length < below.length * minShareAlike) return false;
  if (cells.some((cell) => cell.trim().split(/\s+/).length > maxWords)) return false;
  const isRow = cells.some((cell) => /^ +\p{Ll}/u.test(cell))
    ? (row: Candidate) => row.cells.slice(1).every((cell) => cell.startsWith(' ')) && row.cells.some(isNumber)
    : (row: Candidate) => !isSentence(row) || row.cells.some(isNumber);
  return alike.some(isRow);
}

/**
 * Whether a line is a row, and nothing names the columns: it has no words, or dates and numbers
 * above others of their kind. A year may be a header.
 */
function isRowOfValues(line: Candidate, lines: Candidate[]): boolean {
  if (line.cells.every((cell) => cell.trim() === '' || isNumber(cell))) return true;
  const below = lines.filter(
    (each) => each.lineIndex > line.lineIndex && each.cells.length === line.cells.length,
  );
  const minBelow = 2;
  if (below.length < minBelow) return false;
  return line.cells.some((cell, index) => {
    const shape = shapeOf(cell);
    return shape !== undefined && below.every(({ cells }) => shapeOf(cells[index] ?? '') === shape);
  });
}

/** Dates and numbers by their shape; undefined for a year and any other text. */
function shapeOf(cell: string): 'date' | 'fraction' | 'number' | undefined {
  const text = cell.trim();
  if (/^\d{1,4}([-/.])\d{1,2}\1\d{1,4}\b/.test(text)) return 'date';
  if (/^[-+]?\d+[.,]\d{2}$/.test(text)) return 'fraction';
  return /^\d+$/.test(text) && !/^(?:19|20)\d\d$/.test(text) ? 'number' : undefined;
}

function isNumber(cell: string): boolean {
  return /^\s*"?[-+]?\d[\d.,:/-]*"?\s*$/.test(cell);
}

/** The most frequent number; of equals, the largest. */
function modeOf(numbers: number[]): number {
  const counts = new Map<number, number>();
  for (const each of numbers) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].sort(([a, countA], [b, countB]) => countB - countA || b - a)[0]?.[0] ?? 0;
}

/**
 * Cells are wrapped in quotes if all header cells are. If the schema says so, those of the first
 * row are enough.
 */
function decideQuoting(
  delimiter: string,
  [headerLine = '', firstRow = '']: string[],
  schema: ReportSchema | undefined,
): { quoting: Quoting; reason: string } {
  if (delimiter !== tab) return { quoting: 'csv', reason: 'no tabs between cells' };
  const declared = schema?.format === 'tsv' ? schema.quoting : undefined;
  if (declared === 'csv') return { quoting: declared, reason: 'declared in the schema' };
  if (allQuoted(headerLine, delimiter)) return { quoting: 'outer', reason: 'all headers are in quotes' };
  if (declared === 'outer' && allQuoted(firstRow, delimiter)) {
    return { quoting: 'outer', reason: 'declared in the schema, and the first row is in quotes' };
  }
  return { quoting: 'none', reason: 'headers between tabs are not in quotes' };
}

function allQuoted(line: string, delimiter: string): boolean {
  const cells = line
    .replace(/\r$/, '')
    .split(delimiter)
    .filter((cell) => cell !== '');
  return cells.length > 0 && cells.every((cell) => /^".*"$/s.test(cell));
}
