import { ReportsError } from '../../errors/reports-error.js';
import type { ResolvedColumn, TableSchema } from '../../schema/types.js';
import type { DocumentMetadata } from '../../source/types.js';
import type { ParsedTable } from '../types.js';

/**
 * Refuses a document with none of the schema's headers.
 * Errors: HEADER_UNKNOWN.
 */
export function refuseUnknown(
  { reportType, documentId }: DocumentMetadata,
  columns: ResolvedColumn[],
  headers: string[],
): void {
  if (columns.some(isKnown)) return;
  throw new ReportsError('HEADER_UNKNOWN', { reportType, documentId, found: beginningOf(headers) });
}

/**
 * Refuses a document that has no column of the key: its rows would replace those of all others.
 * Part of a key still identifies rows.
 * Errors: KEY_COLUMN_MISSING.
 */
export function refuseKeyless(
  { reportType, documentId }: DocumentMetadata,
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
  const maxCharacters = 200;
  return JSON.stringify(headers.join(', ').slice(0, maxCharacters));
}

/** The table of a schema, with the columns that a document gives it. */
export function tableOf(
  { name, load, partitionBy, checks }: TableSchema,
  columns: ResolvedColumn[],
): ParsedTable {
  return {
    name,
    load: { mode: load.mode, key: load.key },
    partitionBy,
    checks,
    columns,
  };
}
