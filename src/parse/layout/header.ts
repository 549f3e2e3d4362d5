import { looseHeader, snakeCaseName } from '../../schema/column-name.js';
import { headerDrift } from '../../schema/drift.js';
import type { ColumnSchema, ResolvedColumn } from '../../schema/types.js';

/** The header of a document, matched with the schema. */
export interface ResolvedHeader {
  /**
   * Columns of the table: those of the schema in its order, then those that only the document has.
   */
  columns: ResolvedColumn[];
  /** For each column of the document its index in `columns`. */
  positions: number[];
  /** Schema columns by index in `columns`, for what only a schema declares. */
  schemaColumns: (ColumnSchema | undefined)[];
  /**
   * Indexes in `columns` of columns without a name. They are dropped if all of their cells are
   * empty.
   */
  nameless: number[];
  notes: string[];
}

/**
 * Matches the header cells of a document with the columns of a schema: first by exact spelling,
 * then ignoring case, blanks, `-` and `_`. If a header occurs twice, the first one is the schema's
 * column. Unknown headers become string columns, named by `wordsOf`. Without a schema all headers
 * do, and their types are inferred.
 */
export function resolveHeader(
  header: string[],
  schema: ColumnSchema[] | undefined,
  wordsOf: (header: string) => string = (text) => text,
): ResolvedHeader {
  const matched = matchColumns(header, schema ?? []);
  const taken = new Set((schema ?? []).map(({ name }) => name));
  const columns: ResolvedColumn[] = (schema ?? []).map(({ name, type, nullTexts }, index) => {
    const position = matched.indexOf(index);
    const cell = header[position];
    return { name, type, nullTexts, origin: 'schema', header: cell };
  });
  const nameless: number[] = [];
  const positions = header.map((cell, position) => {
    const known = matched[position];
    if (known !== undefined) return known;
    const name = snakeCaseName(wordsOf(cell), taken, position + 1);
    const origin = schema ? 'added' : 'inferred';
    const after = schema && columnBefore(schema, matched, position);
    columns.push({
      name,
      header: cell,
      type: { kind: 'string' },
      origin,
      after,
      before: schema && columnAfter(schema, matched, position),
    });
    if (cell.trim() === '') nameless.push(columns.length - 1);
    return columns.length - 1;
  });
  const notes: string[] = [];
  const { added = [], missing = [] } = headerDrift(columns);
  const headers = added.map((column) => column.header).filter((text) => text.trim() !== '');
  if (headers.length > 0) notes.push(`columns that the schema does not know: ${headers.join(', ')}`);
  if (missing.length > 0) notes.push(`columns not in the document: ${firstOf(missing)}`);
  return { columns, positions, schemaColumns: columns.map((_, index) => schema?.[index]), nameless, notes };
}

/** The schema column of the nearest matched header before a position. */
function columnBefore(
  schema: ColumnSchema[],
  matched: (number | undefined)[],
  position: number,
): string | undefined {
  const before = matched.slice(0, position).findLast((index) => index !== undefined);
  return before === undefined ? undefined : schema[before]?.name;
}

/** The schema column of the next matched header. */
function columnAfter(
  schema: ColumnSchema[],
  matched: (number | undefined)[],
  position: number,
): string | undefined {
  const after = matched.slice(position + 1).find((index) => index !== undefined);
  return after === undefined ? undefined : schema[after]?.name;
}

/** For each header cell the index of its schema column. Each column is matched once. */
function matchColumns(header: string[], schema: ColumnSchema[]): (number | undefined)[] {
  const matched: (number | undefined)[] = header.map(() => undefined);
  const found = new Set<number>();
  const asWritten = (text: string) => text.trim();
  for (const [spelling, textsOf] of [
    [asWritten, spellingsOf],
    [looseHeader, spellingsOf],
    [asWritten, nameOf],
    [looseHeader, nameOf],
  ] as const) {
    if (!matched.includes(undefined)) break;
    const byName = new Map<string, number>();
    schema.forEach((column, index) => {
      for (const each of textsOf(column)) {
        if (!byName.has(spelling(each))) byName.set(spelling(each), index);
      }
    });
    header.forEach((cell, position) => {
      const index = cell.trim() === '' ? undefined : byName.get(spelling(cell));
      if (index === undefined || matched[position] !== undefined || found.has(index)) return;
      matched[position] = index;
      found.add(index);
    });
  }
  return matched;
}

function spellingsOf({ from }: ColumnSchema): string[] {
  return from;
}

/** Some documents use the column names of the table as headers. */
function nameOf({ name }: ColumnSchema): string[] {
  return [name];
}

/**
 * Shortens a long list of names: a document without the figures of a whole program would fill a
 * page.
 */
function firstOf(names: string[]): string {
  const maxNames = 10;
  const more = names.length - maxNames;
  return more <= 1 ? names.join(', ') : `${names.slice(0, maxNames).join(', ')} and ${more} more`;
}
