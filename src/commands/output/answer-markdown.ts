import type { StreamedAnswer } from '../../warehouse/types.js';
import { answerKind } from './answer-types.js';
import { firstRows } from './answer-text.js';
import { cellText } from './text-table.js';
import { visible } from './visible-text.js';

/** Yields an answer as a table of GitHub's Markdown. NULL and the empty text are both blank. */
export async function* markdownText(
  { columns, groups }: StreamedAnswer,
  limit: number | undefined,
): AsyncGenerator<string> {
  const line = (cells: unknown[]) => `| ${cells.map(markdownCell).join(' | ')} |\n`;
  const toTheRight = new Set(['integer', 'decimal', 'float']);
  yield line(columns.map(({ name }) => name));
  yield `|${columns.map(({ type }) => (toTheRight.has(answerKind(type).kind) ? ' ---: |' : ' --- |')).join('')}\n`;
  for await (const rows of firstRows(groups, limit)) yield rows.map(line).join('');
}

/** No value is read as markup. */
function markdownCell(value: unknown): string {
  return cellText(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_{}[\]|~]/g, '\\$&')
    .split(/\r\n|\n|\r/)
    .map(visible)
    .join('<br>');
}
