import { CsvError, parse } from 'csv-parse/sync';
import { didYouMean } from '../../text/nearest-name.js';

/** A row of a CSV file of the user's: the text of each cell by column, without blanks around it. */
export interface CsvLine {
  /** Line of the file on which the row begins, from 1. */
  line: number;
  cells: Readonly<Record<string, string>>;
}

/** A mistake in a file of the user's. */
export interface LineProblem {
  line: number;
  message: string;
}

/** A column, by the headers that it may have; case, blanks, `-` and `_` are ignored. */
export interface CsvColumn {
  name: string;
  headers: string[];
  isOptional?: boolean;
}

/**
 * Reads a CSV file of the user's, whose cells are separated by commas, semicolons or tabs as its
 * header shows. Columns that are not listed are left out, unless their header is nearly one that
 * is.
 */
export function readCsvLines(
  text: string,
  columns: CsvColumn[],
): { lines: CsvLine[]; problems: LineProblem[]; header: string[] } {
  const read = readRecords(text);
  if ('problem' in read) return { lines: [], problems: [read.problem], header: [] };
  const [first, ...rest] = read.records;
  if (!first) return { lines: [], problems: [{ line: 1, message: 'the file is empty' }], header: [] };
  const header = first.cells.map((cell) => cell.trim());
  const positions = new Map<string, number>();
  const problems: LineProblem[] = [];
  const problem = (message: string, line = first.line) => void problems.push({ line, message });
  const spellings = columns.flatMap(({ headers }) => headers);
  for (const [index, cell] of header.entries()) {
    const column = columns.find(({ headers }) => headers.some((each) => plain(each) === plain(cell)));
    if (column && positions.has(column.name)) problem(`the column "${cell}" appears twice`);
    if (column) positions.set(column.name, index);
    const hint = column || cell === '' ? '' : didYouMean(cell, spellings);
    if (hint) problem(`unknown column "${cell}"${hint}`);
  }
  for (const { name, headers, isOptional } of columns) {
    if (positions.has(name) || isOptional) continue;
    problem(`the column "${headers[0]}" is missing; found ${header.join(', ')}`);
  }
  if (problems.length > 0) return { lines: [], problems, header };
  const lines = rest.map(({ line, cells }): CsvLine => {
    const surplus = cells.slice(header.length).some((cell) => cell.trim() !== '');
    if (surplus) problem(`expected ${header.length} cells, found ${cells.length}`, line);
    const at = (index: number) => (cells[index] ?? '').trim();
    return { line, cells: Object.fromEntries([...positions].map(([name, index]) => [name, at(index)])) };
  });
  return { lines, problems, header };
}

function plain(header: string): string {
  return header.toLowerCase().replace(/[\s_-]+/g, '');
}

type Records = { records: { line: number; cells: string[] }[] } | { problem: LineProblem };

function readRecords(text: string): Records {
  const [head = ''] = text.replace(/^\uFEFF/, '').split(/[\r\n]/, 1);
  const count = (delimiter: string) => head.split(delimiter).length;
  const [delimiter = ','] = [',', ';', '\t'].sort((a, b) => count(b) - count(a));
  const records: { line: number; cells: string[] }[] = [];
  let next = 1;
  try {
    parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      on_record(cells: string[], { lines }: { lines: number }) {
        if (cells.some((cell) => cell.trim() !== '')) records.push({ line: next, cells });
        next = lines + 1;
        return null;
      },
    });
    return { records };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { problem: { line: next, message: `not CSV: ${error.message}` } };
  }
}
