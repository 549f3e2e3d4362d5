import { ReportsError } from '../../errors/reports-error.js';
import type { ResolvedColumn, TableSchema } from '../../schema/types.js';
import type { DocumentFacts } from '../../source/types.js';
import type { ParsedTable } from '../types.js';

/** Refuses a document, of whose `headers` the schema knows none. */
export function refuseUnknown(
  { reportType, documentId }: DocumentFacts,
  columns: ResolvedColumn[],
  headers: string[],
): void {
  if (columns.some(isKnown)) return;
  throw new ReportsError('HEADER_UNKNOWN', { reportType, documentId, found: beginningOf(headers) });
}

/**
 * Refuses a document that has nothing of the key: its rows would replace those of all others. A key of which a part is there still tells
 * rows apart.
 */
export function refuseKeyless(
  { reportType, documentId }: DocumentFacts,
  { load }: TableSchema,
  columns: ResolvedColumn[],
  headers: string[],
): void {
  const known = columns.filter(isKnown);
  if (load.key.length === 0 || load.key.some((key) => known.some(({ name }) => name === key))) return;
  throw new ReportsError('KEY_COLUMN_MISSING', {
    reportType,
    documentId,
    columns: load.key.join(', '),
    found: beginningOf(headers),
  });
}

function isKnown({ origin, header }: ResolvedColumn): boolean {
  return origin === 'schema' && header !== undefined;
}

function beginningOf(headers: string[]): string {
  const mostCharacters = 200;
  return JSON.stringify(headers.join(', ').slice(0, mostCharacters));
}

/** The table of a schema, with the columns that a document gives it. */
export function tableOf(
  { name, load, partitionBy, checks }: TableSchema,
  columns: ResolvedColumn[],
): ParsedTable {
  return {
    name,
    load: { mode: load.mode, key: load.key },
    ...(partitionBy ? { partitionBy } : {}),
    ...(checks ? { checks } : {}),
    columns,
  };
}
