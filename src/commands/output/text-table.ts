import { cutText, displayWidth, visible, wrapText } from './visible-text.js';

export interface TableOptions {
  /** Columns of the terminal; without it nothing is cut. */
  width?: number | undefined;
  /** Columns that are never cut, beside ids, numbers and times. */
  whole?: string[];
  /** In records, values that are not there take no line. */
  skipEmpty?: boolean;
}

/** How rows are laid out: as a table, or where that would not fit as records, a value a line. */
export interface TableLayout {
  head: string;
  /** A row, in the order it stands in the answer. */
  row(values: unknown[]): string;
}

/** Rows as a table for people: numbers to the right, wide characters counted as wide, control characters made visible. */
export function textTable(columns: string[], rows: unknown[][], options: TableOptions = {}): string {
  const layout = layoutTable(columns, rows, options);
  return [layout.head, ...rows.map(layout.row)].join('');
}

/** Lays a table out by some of its rows; others may follow. */
export function layoutTable(names: string[], sample: unknown[][], options: TableOptions = {}): TableLayout {
  const columns = names.map((name, index) => measure(name, sample, index, options));
  const widths = fittingWidths(columns, options.width);
  return widths ? tableOf(columns, widths, options) : recordsOf(columns, options);
}

/** A value as text: NULL and the empty text are both blank, nested values are JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

interface Column {
  name: string;
  toTheRight: boolean;
  /** Columns it takes with nothing cut. */
  natural: number;
  /** Columns below which it would say nothing. */
  least: number;
}

const gap = '  ';
const minTextWidth = 12;
/** Of a record, with name and value; what is narrower wraps it. */
const minRecordWidth = 20;

function measure(title: string, sample: unknown[][], index: number, { whole }: TableOptions): Column {
  const name = visible(title);
  const values = sample.flatMap((row) => row[index] ?? []);
  const header = displayWidth(name);
  const widest = values.reduce<number>(
    (most, value) => Math.max(most, displayWidth(visible(cellText(value)))),
    0,
  );
  const toTheRight = values.length > 0 && values.every(isNumeric);
  const keep =
    toTheRight || idName.test(title) || whole?.includes(title) || values.every((value) => isTime(value));
  const least = Math.max(keep ? widest : Math.min(widest, minTextWidth), Math.min(header, minTextWidth));
  return { name, toTheRight, natural: Math.max(header, widest), least };
}

/** Widths that fit the terminal, the widest columns made narrower; undefined where none do. */
function fittingWidths(columns: Column[], width: number | undefined): number[] | undefined {
  const natural = columns.map((column) => column.natural);
  if (width === undefined) return natural;
  const room = width - gap.length * (columns.length - 1);
  const within = (limit: number) =>
    columns.map((column) => Math.min(column.natural, Math.max(column.least, limit)));
  const total = (widths: number[]) => widths.reduce((sum, each) => sum + each, 0);
  if (total(within(0)) > room) return undefined;
  let limit = 0;
  while (limit < room && total(within(limit + 1)) <= room) limit += 1;
  return within(limit);
}

function tableOf(columns: Column[], widths: number[], { width }: TableOptions): TableLayout {
  const line = (texts: string[]) => {
    const cells = texts.map((text, index) => {
      const cellWidth = widths[index] ?? 0;
      // Off a terminal a value wider than those measured stays whole.
      const shown = width === undefined ? text : cutText(text, cellWidth);
      const blanks = ' '.repeat(Math.max(0, cellWidth - displayWidth(shown)));
      return columns[index]?.toTheRight ? blanks + shown : shown + blanks;
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
