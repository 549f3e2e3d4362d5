/** @import { ConsoleResult } from '../server/console.js' */

/**
 * Writes a result as `sp-reports query --format csv` does: NULL is an empty cell, and a text
 * without characters is `""`.
 *
 * @param {Pick<ConsoleResult, 'columns' | 'rows'>} result
 */
export function csvText({ columns, rows }) {
  return [columns.map(({ name }) => name), ...rows].map(csvLine).join('');
}

/** @param {unknown[]} row */
function csvLine(row) {
  const cells = row.map((value) => {
    if (value === null || value === undefined) return '';
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${cells.join(',')}\n`;
}
