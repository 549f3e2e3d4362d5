/**
 * A path into JSON and XML documents, as written in report schemas: names with dots between them.
 * The path of a column starts at its row. With `$.`, it starts at the top of the document; with
 * `^.`, at the object that contains the list of rows; each further `^.` goes up one level. `.` is
 * the row itself, if that is a text.
 */
export interface ColumnPath {
  from: 'row' | 'root';
  /** Number of levels above the row at which it starts. */
  up: number;
  names: string[];
}

/** Separates the names of a path inside the program, because names may contain dots. */
export const separator = '\u0000';

/** A path as schemas and messages write it. */
export function shownPath(path: string): string {
  return path.replaceAll(separator, '.');
}

/** The path of a member of what is at a path. */
export function joinPath(path: string, name: string): string {
  return path === '' ? name : `${path}${separator}${name}`;
}

/**
 * Returns the names of a `rows` path; none for `$`, the document itself. Undefined if it is
 * invalid.
 */
export function readRowsPath(text: string): string[] | undefined {
  if (text === '$') return [];
  const names = text.split('.');
  return names.every(isName) ? names : undefined;
}

/** Reads the path of a column; returns undefined if the text is not one. */
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
