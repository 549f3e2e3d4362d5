/**
 * Paths into JSON and XML documents, as report schemas write them: names with dots. A path of a column begins at its row; with `$.` at the
 * top of the document, with `^.` at what holds the row's list, once more `^.` at what holds that. `.` is the row itself, where it is a text.
 */
export interface ColumnPath {
  from: 'row' | 'root';
  /** How many levels above the row it begins. */
  up: number;
  names: string[];
}

/** Between the names of a path inside the program, where names may have dots: no name has it. */
export const separator = '\u0000';

/** The names of a `rows` path; none for `$`, the document itself. Undefined where it is no such path. */
export function readRowsPath(text: string): string[] | undefined {
  if (text === '$') return [];
  const names = text.split('.');
  return names.every(isName) ? names : undefined;
}

/** Undefined where a text is no path of a column. */
export function readColumnPath(text: string): ColumnPath | undefined {
  if (text === '.') return { from: 'row', up: 0, names: [] };
  const parts = text.split('.');
  const isRoot = parts[0] === '$';
  const firstName = parts.findIndex((part) => part !== '^');
  const up = isRoot ? 0 : Math.max(firstName, 0);
  const names = parts.slice(isRoot ? 1 : up);
  return firstName >= 0 && names.length > 0 && names.every(isName)
    ? { from: isRoot ? 'root' : 'row', up, names }
    : undefined;
}

function isName(part: string): boolean {
  return part.trim() !== '' && part !== '$' && part !== '^';
}
