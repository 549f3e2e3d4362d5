import { looseHeader } from './column-name.js';
import type { DocumentFormat, ReportSchema } from './types.js';

/** How well a report schema explains the headers of a document. */
export interface TypeMatch {
  reportType: string;
  /** Headers of the document that the schema knows. */
  known: number;
  /** Their share of all headers, from 0 to 1. */
  share: number;
  /** The share of the schema's columns that the document has, from 0 to 1. */
  coverage: number;
}

/**
 * Whether documents of a format are recognized by the names of members instead of a header line.
 */
export function hasMembers(format: DocumentFormat): boolean {
  return format === 'json' || format === 'xml';
}

/**
 * Compares the headers of a document with all report schemas of its kind, and returns those that
 * know a header, best first: by their share of the document's headers, then by coverage. `names`
 * are the headers of a delimited document, or the member names of a JSON or XML document.
 */
export function matchTypes(
  names: Iterable<string>,
  kind: 'delimited' | 'members',
  schemas: Iterable<ReportSchema>,
): TypeMatch[] {
  const found = new Set([...names].map(looseHeader).filter((name) => name !== ''));
  const matches: TypeMatch[] = [];
  for (const schema of schemas) {
    if (hasMembers(schema.format) !== (kind === 'members')) continue;
    const columns = columnNames(schema);
    const present = columns.filter((spellings) => spellings.some((name) => found.has(name)));
    const spellings = new Set([...columns.flat(), ...memberNames(schema)]);
    const known = [...found].filter((name) => spellings.has(name)).length;
    if (known === 0) continue;
    const { reportType } = schema;
    matches.push({
      reportType,
      known,
      share: known / found.size,
      coverage: present.length / columns.length,
    });
  }
  return matches.sort((a, b) => b.share - a.share || b.coverage - a.coverage);
}

/** The names of objects and lists on the paths of a JSON or XML schema. */
function memberNames({ format, tables }: ReportSchema): string[] {
  if (!hasMembers(format)) return [];
  const paths = tables.flatMap(({ rows = '', columns }) => [rows, ...columns.flatMap(({ from }) => from)]);
  return paths.flatMap((path) => path.split('.').map(looseHeader));
}

const namesOfSchemas = new WeakMap<ReportSchema, string[][]>();

/** For each column of a schema its loose spellings; for members, the last name of each path. */
function columnNames(schema: ReportSchema): string[][] {
  const before = namesOfSchemas.get(schema);
  if (before) return before;
  const last = (path: string) => (hasMembers(schema.format) ? (path.split('.').at(-1) ?? path) : path);
  const names = schema.tables.flatMap(({ columns }) =>
    columns.map(({ name, from }) => [...from.map((path) => looseHeader(last(path))), looseHeader(name)]),
  );
  namesOfSchemas.set(schema, names);
  return names;
}
