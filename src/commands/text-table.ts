import stringWidth from 'string-width';

/** Rows as a table for a terminal: numbers to the right, wide characters counted as wide, long cells cut to `maxCellWidth`. */
export function textTable(
  columns: string[],
  rows: unknown[][],
  options: { maxCellWidth?: number } = {},
): string {
  const maxCellWidth = options.maxCellWidth ?? 60;
  const cells = rows.map((row) => row.map((value) => cut(cellText(value), maxCellWidth)));
  const widths = columns.map((column, index) =>
    Math.max(stringWidth(column), ...cells.map((row) => stringWidth(row[index] ?? ''))),
  );
  const toTheRight = columns.map(
    (_, index) =>
      rows.some((row) => row[index] !== null) &&
      rows.every((row) => row[index] === null || isNumeric(row[index])),
  );
  const line = (row: string[]) =>
    row
      .map((text, index) => pad(text, widths[index] ?? 0, toTheRight[index] ?? false))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return `${[line(columns), rule, ...cells.map(line)].join('\n')}\n`;
}

/** Rows as CSV (RFC 4180): a header line, NULL as an empty cell. */
export function csvText(columns: string[], rows: unknown[][]): string {
  const cell = (value: unknown) => {
    const text = cellText(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
}

function pad(text: string, width: number, toTheRight: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return toTheRight ? blanks + text : text + blanks;
}

function cut(text: string, width: number): string {
  const oneLine = text.replace(/\s*[\r\n]+\s*/g, ' ');
  if (stringWidth(oneLine) <= width) return oneLine;
  let kept = '';
  for (const character of oneLine) {
    if (stringWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
