import { readColumnType } from '../../src/schema/column-type.js';
import type { ColumnType, ReportSchema } from '../../src/schema/types.js';
import type { Engine, ParsedDocument } from '../../src/parse/types.js';
import type { ReadableDocument } from '../../src/source/types.js';
import { type ReadDocument, readRows } from './read-rows.js';

/** What both engines must make of a document alike. */
type Made = Pick<ReadDocument, 'rowsOf' | 'rejects'> &
  Pick<ParsedDocument, 'tables' | 'dialect' | 'warnings' | 'decisions' | 'notes'>;

export interface Outcome {
  /** The engine that read the document in the end; undefined if it was refused or has no tables. */
  readBy?: Engine;
  made: Made | { error: string };
}

/** Reads a document by an engine. A note that the other one had to read it is left out. */
export async function outcomeOf(
  engine: Engine,
  document: ReadableDocument,
  schema: ReportSchema | undefined,
): Promise<Outcome> {
  try {
    const { parsed, rowsOf, rejects } = await readRows(document, schema, engine);
    const { tables, dialect, warnings, decisions } = parsed;
    const notes = parsed.notes.filter((note) => !note.startsWith('read by the reference parser'));
    return { readBy: parsed.engine, made: { rowsOf, rejects, tables, dialect, warnings, decisions, notes } };
  } catch (error) {
    return { made: { error: (error as Error).message } };
  }
}

/** A schema of tables in documents of objects, each with the path and the type of its columns. */
export function objectSchema(
  format: 'json' | 'xml',
  tables: { name: string; rows: string; columns: [path: string, type: string][] }[],
): ReportSchema {
  return {
    reportType: 'GET_TEST',
    description: '',
    format,
    quoting: 'none',
    restricted: false,
    file: '',
    tables: tables.map(({ name, rows, columns }) => ({
      name,
      rows,
      load: { mode: 'append', key: [] },
      columns: columns.map(([path, type], index) => ({
        name: `c${index}`,
        from: [path],
        type: readColumnType(type) as ColumnType,
      })),
    })),
  };
}
