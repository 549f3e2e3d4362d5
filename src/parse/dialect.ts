import { looseHeader } from '../schema/column-name.js';
import type { Quoting, ReportSchema } from '../schema/types.js';

/** How a delimited document is written. */
export interface DelimitedDialect {
  delimiter: string;
  quoting: Quoting;
  /** Lines before the header. */
  preambleLines: number;
  /** Characters of the text before the header line. */
  preambleCharacters: number;
  header: string[];
  /** Line ends are `\r` alone, as old spreadsheets wrote them. */
  carriageReturnsOnly: boolean;
}

const delimiters = ['\t', ',', ';', '|'];

/** Preambles have been seen with up to nine lines; the header is looked for in so many. */
const mostHeaderLine = 40;

interface Candidate {
  lineIndex: number;
  delimiter: string;
  cells: string[];
}

/**
 * Decides delimiter, quoting and header line from the beginning of a text: where there is a schema, the line that knows most of its
 * headers; else the first line about as wide as the widest. Undefined where no line can be a header.
 */
export function decideDialect(head: string, schema: ReportSchema | undefined): DelimitedDialect | undefined {
  const carriageReturnsOnly = !head.includes('\n') && /\r[^\n]/.test(head);
  const lines = head.split(carriageReturnsOnly ? '\r' : '\n').slice(0, mostHeaderLine);
  const found = (schema && byKnownHeaders(lines, schema)) ?? byWidth(lines, schema);
  if (!found) return undefined;
  const { lineIndex, delimiter, cells } = found;
  const quoting = decideQuoting(delimiter, lines[lineIndex] ?? '', schema);
  return {
    delimiter,
    quoting,
    preambleLines: lineIndex,
    preambleCharacters: lines.slice(0, lineIndex).reduce((sum, line) => sum + line.length + 1, 0),
    header: quoting === 'none' ? splitLine(lines[lineIndex] ?? '', delimiter, 'none') : cells,
    carriageReturnsOnly,
  };
}

/** Splits one line into cells. A quote that never closes is data. */
export function splitLine(line: string, delimiter: string, quoting: Quoting): string[] {
  const text = line.replace(/\r$/, '');
  if (quoting === 'csv') return splitCsvLine(text, delimiter);
  const cells = text.split(delimiter);
  return quoting === 'outer' ? cells.map(withoutOuterQuotes) : cells;
}

/** Takes one pair of quotes off; those inside are data, doubled or not. */
export function withoutOuterQuotes(cell: string): string {
  return cell.length >= 2 && cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1) : cell;
}

function splitCsvLine(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      const end = closingQuote(line, at, delimiter);
      if (end !== undefined) {
        cells.push(line.slice(at + 1, end).replaceAll('""', '"'));
        if (end + 1 >= line.length) return cells;
        at = end + 2;
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

/** The quote that ends a cell stands before a delimiter or the end of the line. */
function closingQuote(line: string, open: number, delimiter: string): number | undefined {
  for (let at = open + 1; at < line.length; at += 1) {
    if (line[at] !== '"') continue;
    if (line[at + 1] === '"') at += 1;
    else if (at + 1 === line.length || line[at + 1] === delimiter) return at;
  }
  return undefined;
}

function candidates(lines: string[]): Candidate[] {
  return lines.flatMap((line, lineIndex) =>
    delimiters.map((delimiter) => ({
      lineIndex,
      delimiter,
      cells: splitCsvLine(line.replace(/\r$/, ''), delimiter),
    })),
  );
}

function byKnownHeaders(lines: string[], schema: ReportSchema): Candidate | undefined {
  const known = new Set(
    schema.tables.flatMap(({ columns }) =>
      columns.flatMap(({ from, name }) => [...from, name].map(looseHeader)),
    ),
  );
  const expected = schema.format === 'csv' ? ',' : '\t';
  let best: Candidate | undefined;
  let bestScore = 0;
  for (const candidate of candidates(lines)) {
    const matches = new Set(candidate.cells.map(looseHeader).filter((header) => known.has(header))).size;
    // Of equals the one that the schema expects, then the first.
    const score = matches + (candidate.delimiter === expected ? 0.5 : 0);
    if (matches > 0 && score > bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  // One word in common may be chance, in a preamble or a row.
  return bestScore >= Math.min(2, known.size) ? best : undefined;
}

/** The header is as wide as most lines, or wider; preamble lines are narrow, and rows may lack their last cells. */
function byWidth(lines: string[], schema: ReportSchema | undefined): Candidate | undefined {
  const all = candidates(lines).filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  let best: Candidate | undefined;
  for (const delimiter of delimiters) {
    const own = all.filter((each) => each.delimiter === delimiter && filledWidth(each) > 1);
    const usual = mostFrequent(own.map(filledWidth));
    const header = own.find((each) => filledWidth(each) >= usual);
    if (header && header.cells.length > (best?.cells.length ?? 1)) best = header;
  }
  if (best) return best;
  // A single column: one plain word on top, and rows below; a sentence is a message, not a header.
  const [first, second] = all.filter((each) => each.delimiter === '\t');
  const isWord =
    first?.cells.length === 1 && /^"?[\p{L}][\p{L}\p{N}_-]*"?$/u.test(first.cells[0]?.trim() ?? '');
  return isWord && (second || schema) ? first : undefined;
}

/** Cells up to the last that holds something: rows may have empty ones more than the header. */
function filledWidth({ cells }: Candidate): number {
  return cells.findLastIndex((cell) => cell.trim() !== '') + 1;
}

/** Of numbers that are as frequent the larger. */
function mostFrequent(numbers: number[]): number {
  const counts = new Map<number, number>();
  for (const each of numbers) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].sort(([a, countA], [b, countB]) => countB - countA || b - a)[0]?.[0] ?? 0;
}

function decideQuoting(delimiter: string, headerLine: string, schema: ReportSchema | undefined): Quoting {
  const cells = headerLine.replace(/\r$/, '').split(delimiter);
  const named = cells.filter((cell) => cell !== '');
  const allQuoted = named.length > 0 && named.every((cell) => /^".*"$/s.test(cell));
  const expected = schema?.format === 'csv' ? 'csv' : schema?.format === 'tsv' ? 'tsv' : undefined;
  if (delimiter !== '\t') return 'csv';
  const declared = expected === 'tsv' ? schema?.quoting : undefined;
  if (declared === 'csv' || declared === 'outer') return declared;
  return allQuoted ? 'outer' : 'none';
}
