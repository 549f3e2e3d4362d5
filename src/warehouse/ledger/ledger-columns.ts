import type { LedgerRow } from '../types.js';

/** How a warehouse stores a value of the ledger. */
export type ColumnKind = 'text' | 'list' | 'time' | 'count' | 'json';

/** The fields of a ledger entry, with their columns. */
export const ledgerColumns: { field: keyof LedgerRow; column: string; kind: ColumnKind }[] = [
  { field: 'key', column: 'key', kind: 'text' },
  { field: 'status', column: 'status', kind: 'text' },
  { field: 'sellerId', column: 'seller_id', kind: 'text' },
  { field: 'documentId', column: 'document_id', kind: 'text' },
  { field: 'reportId', column: 'report_id', kind: 'text' },
  { field: 'reportType', column: 'report_type', kind: 'text' },
  { field: 'marketplaceIds', column: 'marketplace_ids', kind: 'list' },
  { field: 'dataStart', column: 'data_start', kind: 'time' },
  { field: 'dataEnd', column: 'data_end', kind: 'time' },
  { field: 'reportCreatedAt', column: 'report_created_at', kind: 'time' },
  { field: 'reasonCode', column: 'reason_code', kind: 'text' },
  { field: 'reason', column: 'reason', kind: 'text' },
  { field: 'notes', column: 'notes', kind: 'list' },
  { field: 'warnings', column: 'warnings', kind: 'json' },
  { field: 'decisions', column: 'decisions', kind: 'json' },
  { field: 'tables', column: 'tables', kind: 'json' },
  { field: 'rejects', column: 'rejects', kind: 'count' },
  { field: 'checks', column: 'checks', kind: 'json' },
  { field: 'rawPath', column: 'raw_path', kind: 'text' },
  { field: 'rawBytes', column: 'raw_bytes', kind: 'count' },
  { field: 'rawSha256', column: 'raw_sha256', kind: 'text' },
  { field: 'files', column: 'files', kind: 'json' },
  { field: 'textBytes', column: 'text_bytes', kind: 'count' },
  { field: 'charset', column: 'charset', kind: 'text' },
  { field: 'dialect', column: 'dialect', kind: 'json' },
  { field: 'engine', column: 'engine', kind: 'text' },
  { field: 'pipeline', column: 'pipeline', kind: 'text' },
  { field: 'body', column: 'body', kind: 'text' },
  { field: 'durationMs', column: 'duration_ms', kind: 'count' },
  { field: 'loadedAt', column: 'loaded_at', kind: 'time' },
];

/** The value of a field in a row of an earlier version, which did not have it. */
export function absentValue(field: keyof LedgerRow): null | [] {
  return laterFields.has(field) && field !== 'rawSha256' ? [] : null;
}

/** The fields that the ledger of an earlier version may lack. */
export const laterFields = new Set<keyof LedgerRow>([
  'warnings',
  'decisions',
  'checks',
  'files',
  'rawSha256',
]);

/** The columns of `_rejects`. */
export const rejectColumns: { column: string; kind: ColumnKind }[] = [
  { column: 'seller_id', kind: 'text' },
  { column: 'document_id', kind: 'text' },
  { column: 'report_id', kind: 'text' },
  { column: 'report_type', kind: 'text' },
  { column: 'table_name', kind: 'text' },
  { column: 'row_number', kind: 'count' },
  { column: 'column_name', kind: 'text' },
  { column: 'raw', kind: 'text' },
  { column: 'reason', kind: 'text' },
  { column: 'loaded_at', kind: 'time' },
];
