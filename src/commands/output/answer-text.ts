import type { StreamedAnswer } from '../../warehouse/types.js';
import { pluralize } from '../../text/pluralize.js';
import { cellText, layoutTable } from './text-table.js';

export type Format = 'table' | 'csv' | 'json' | 'md' | 'parquet' | 'xlsx';

/** Whether a terminal can show a format. */
export function isTextFormat(format: Format): boolean {
  return format !== 'parquet' && format !== 'xlsx';
}

export interface AnswerOptions {
  format: Format;
  /** Maximum number of rows; the default is 1000 for a table, otherwise all. */
  limit?: number | undefined;
  /** Width of the terminal, in columns. */
  width?: number | undefined;
}

/**
 * Default number of rows of a table, and the number of rows that its column widths are based on.
 */
export const tableRows = 1000;

/**
 * Yields a table, CSV or JSON as rows arrive, so that memory does not grow with the result.
 */
export async function* answerText(answer: StreamedAnswer, options: AnswerOptions): AsyncGenerator<string> {
  if (options.format === 'table') yield* tableText(answer, options);
  else yield* options.format === 'csv' ? csvText(answer, options) : jsonText(answer, options);
}

/**
 * Yields CSV by RFC 4180, except that lines end with LF. NULL is an empty cell, an empty text is
 * `""`.
 */
async function* csvText({ columns, groups }: StreamedAnswer, { limit }: AnswerOptions) {
  yield csvLine(columns.map(({ name }) => name));
  for await (const rows of firstRows(groups, limit)) yield rows.map(csvLine).join('');
}

/** Yields one array of objects, one row per line. */
async function* jsonText({ columns, groups }: StreamedAnswer, { limit }: AnswerOptions) {
  const keys = columns.map(({ name }) => `${JSON.stringify(name)}:`);
  const line = (row: unknown[]) =>
    `{${keys.map((key, index) => key + JSON.stringify(row[index] ?? null)).join(',')}}`;
  let before = '[';
  for await (const rows of firstRows(groups, limit)) {
    yield before + rows.map(line).join(',\n ');
    before = ',\n ';
  }
  yield before === '[' ? '[]\n' : ']\n';
}

async function* tableText({ columns, groups }: StreamedAnswer, { limit = tableRows, width }: AnswerOptions) {
  const names = columns.map(({ name }) => name);
  let waiting: unknown[][] = [];
  let layout: ReturnType<typeof layoutTable> | undefined;
  let shown = 0;
  let total = 0;
  const show = function* (): Generator<string> {
    if (!layout) {
      layout = layoutTable(names, waiting.slice(0, tableRows), { width });
      yield layout.head;
    }
    yield waiting.map(layout.row).join('');
    shown += waiting.length;
    waiting = [];
  };
  for await (const group of groups) {
    total += group.count;
    const room = limit - shown - waiting.length;
    if (room > 0) waiting.push(...group.rows(0, room));
    if (layout || waiting.length >= tableRows) yield* show();
  }
  yield* show();
  const left = total - shown;
  yield `${left > 0 ? `${shown} of ` : ''}${pluralize(total, 'row')}\n`;
  if (left > 0) yield `${pluralize(left, 'more row')}: use --format csv, --limit or --all\n`;
}

/** The rows of an answer up to a limit, as they arrive. */
export async function* firstRows(groups: StreamedAnswer['groups'], limit = Number.POSITIVE_INFINITY) {
  let left = limit;
  for await (const group of groups) {
    const rows = group.rows(0, left);
    left -= rows.length;
    yield rows;
    if (left <= 0) return;
  }
}

function csvLine(row: unknown[]): string {
  const cells = row.map((value) => {
    const text = cellText(value);
    if (text === '') return value === '' ? '""' : '';
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${cells.join(',')}\n`;
}
