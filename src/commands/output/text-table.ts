import { cutText, displayWidth, visible, wrapLines, wrapText } from './visible-text.js';

export interface TableOptions {
  /** Width of the terminal, in columns; if absent, nothing is cut. */
  width?: number | undefined;
  /** Whether texts that are too wide continue on the next line, instead of being cut. */
  wrap?: boolean;
  /** Names of columns that are never cut, in addition to ids, numbers and times. */
  whole?: string[];
  /** Whether records omit the lines of missing values. */
  skipEmpty?: boolean;
}

/** The layout of rows: a table or, if that does not fit, records with one value per line. */
export interface TableLayout {
  head: string;
  /** Returns the text of a row. Rows must come in their order, because records are numbered. */
  row(values: unknown[]): string;
}

/**
 * Returns rows as a table for people: numbers are right-aligned, wide characters count as two
 * columns, control characters are made visible.
 */
export function textTable(columns: string[], rows: unknown[][], options: TableOptions = {}): string {
  const layout = layoutTable(columns, rows, options);
  return [layout.head, ...rows.map(layout.row)].join('');
}

/** Lays out a table based on some of its rows; others may follow. */
export function layoutTable(names: string[], sample: unknown[][], options: TableOptions = {}): TableLayout {
  const columns = names.map((name, index) => measure(name, sample, index, options));
  const widths = fittingWidths(columns, options.width);
  return widths ? tableOf(columns, widths, options) : recordsOf(columns, options);
}

/** Returns a value as text: NULL and the empty text are both blank, nested values are JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

interface Column {
  name: string;
  toTheRight: boolean;
  /** Width if nothing is cut. */
  natural: number;
  /** Width below which the column would be useless. */
  min: number;
}

const gap = '  ';
const minTextWidth = 12;
/** Minimum width of a record with name and value, even if the terminal is narrower. */
const minRecordWidth = 20;

function measure(title: string, sample: unknown[][], index: number, { whole }: TableOptions): Column {
  const name = visible(title);
  const values = sample.flatMap((row) => row[index] ?? []);
  const header = displayWidth(name);
  const widest = values.reduce<number>(
    (width, value) => Math.max(width, displayWidth(visible(cellText(value)))),
    0,
  );
  const toTheRight = values.length > 0 && values.every(isNumeric);
  const keep =
    toTheRight || idName.test(title) || whole?.includes(title) || values.every((value) => isTime(value));
  const min = Math.max(keep ? widest : Math.min(widest, minTextWidth), Math.min(header, minTextWidth));
  return { name, toTheRight, natural: Math.max(header, widest), min };
}

/**
 * Returns widths that fit the terminal, with the widest columns narrowed; undefined if none fit.
 */
function fittingWidths(columns: Column[], width: number | undefined): number[] | undefined {
  const natural = columns.map((column) => column.natural);
  if (width === undefined) return natural;
  const room = width - gap.length * (columns.length - 1);
  const within = (limit: number) =>
    columns.map((column) => Math.min(column.natural, Math.max(column.min, limit)));
  const total = (widths: number[]) => widths.reduce((sum, each) => sum + each, 0);
  if (total(within(0)) > room) return undefined;
  let limit = 0;
  while (limit < room && total(within(limit + 1)) <= room) limit += 1;
  return within(limit);
}

function tableOf(columns: Column[], widths: number[], { width, wrap }: TableOptions): TableLayout {
  // Without a terminal, a value wider than the measured ones is not cut.
  const linesOf = (text: string, room: number) =>
    width === undefined ? [text] : wrap ? wrapLines(text, room) : [cutText(text, room)];
  const line = (texts: string[]) => {
    const cells = texts.map((text, index) => linesOf(text, widths[index] ?? 0));
    const height = Math.max(...cells.map((each) => each.length));
    return Array.from({ length: height }, (_, number) =>
      joined(cells.map((each) => each[number] ?? '')),
    ).join('');
  };
  const joined = (texts: string[]) => {
    const cells = texts.map((text, index) => {
      const blanks = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(text)));
      return columns[index]?.toTheRight ? blanks + text : text + blanks;
    });
    return `${cells.join(gap).trimEnd()}\n`;
  };
  const rule = `${widths.map((each) => '─'.repeat(each)).join(gap)}\n`;
  return {
    head: line(columns.map(({ name }) => name)) + rule,
    row: (values) => line(columns.map((_, index) => visible(cellText(values[index])))),
  };
}

function recordsOf(columns: Column[], { width: given = 80, skipEmpty }: TableOptions): TableLayout {
  const width = Math.max(given, minRecordWidth);
  const nameWidth = Math.min(
    Math.max(...columns.map(({ name }) => displayWidth(name))),
    Math.floor(width / 2),
  );
  const indent = ' '.repeat(nameWidth + gap.length);
  let count = 0;
  return {
    head: '',
    row(values) {
      count += 1;
      const title = `── ${count} `;
      const lines = columns.map(({ name }, index) => {
        const text = visible(cellText(values[index]));
        if (text === '' && skipEmpty) return '';
        const shown = cutText(name, nameWidth);
        const label = shown + ' '.repeat(nameWidth - displayWidth(shown));
        return `${label}${wrapText(text, width, indent).slice(nameWidth)}`.replace(/ +\n/g, '\n');
      });
      return `${title}${'─'.repeat(Math.max(0, Math.min(width, 60) - title.length))}\n${lines.join('')}`;
    },
  };
}

const idName = /(^|[_ ])(ids?|key|sku|asin)$/i;

function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?$/.test(value);
}
