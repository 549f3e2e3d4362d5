import { looseHeader, snakeCaseName } from '../../schema/column-name.js';
import { headerDrift } from '../../schema/drift.js';
import type { ColumnSchema, ResolvedColumn } from '../../schema/types.js';

/** The header of a document, met with the schema. */
export interface ResolvedHeader {
  /** Columns of the table: those of the schema in its order, then what only the document has. */
  columns: ResolvedColumn[];
  /** For each column of the document the index in `columns`. */
  positions: number[];
  /** Schema columns by index in `columns`, for what only a schema says. */
  schemaColumns: (ColumnSchema | undefined)[];
  /** Indexes in `columns` of nameless columns: dropped where the whole document has nothing in them. */
  nameless: number[];
  notes: string[];
}

/**
 * Meets the header cells of a document with the columns of a schema: by their exact spelling, then without regard to case, blanks, `-` and
 * `_`. A header that stands twice is the schema's column at its first place. Unknown headers become string columns of their own, named by
 * `wordsOf`; without a schema all are, their types to be inferred.
 */
export function resolveHeader(
  header: string[],
  schema: ColumnSchema[] | undefined,
  wordsOf: (header: string) => string = (text) => text,
): ResolvedHeader {
  const matched = matchColumns(header, schema ?? []);
  const taken = new Set((schema ?? []).map(({ name }) => name));
  const columns: ResolvedColumn[] = (schema ?? []).map(({ name, type }, index) => {
    const position = matched.indexOf(index);
    const cell = header[position];
    return { name, type, origin: 'schema', ...(cell === undefined ? {} : { header: cell }) };
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
      ...(after !== undefined && { after }),
    });
    if (cell.trim() === '') nameless.push(columns.length - 1);
    return columns.length - 1;
  });
  const notes: string[] = [];
  const { added = [], missing = [] } = headerDrift(columns);
  const headers = added.map((column) => column.header).filter((text) => text.trim() !== '');
  if (headers.length > 0) notes.push(`columns the schema does not know: ${headers.join(', ')}`);
  if (missing.length > 0) notes.push(`columns not in the document: ${firstOf(missing)}`);
  return { columns, positions, schemaColumns: columns.map((_, index) => schema?.[index]), nameless, notes };
}

/** The schema's column that stands next before a place of the header. */
function columnBefore(
  schema: ColumnSchema[],
  matched: (number | undefined)[],
  position: number,
): string | undefined {
  const before = matched.slice(0, position).findLast((index) => index !== undefined);
  return before === undefined ? undefined : schema[before]?.name;
}

/** For each header cell the schema column it is, each column once. */
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

/** Some write the columns of a table as headers. */
function nameOf({ name }: ColumnSchema): string[] {
  return [name];
}

/** Of many names the first: in a document without the figures of a whole program they would fill a page. */
function firstOf(names: string[]): string {
  const most = 10;
  const more = names.length - most;
  return more <= 1 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${more} more`;
}
