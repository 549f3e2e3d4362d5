import { join } from 'node:path';
import { safeName } from '../files/safe-name.js';

/**
 * Returns the path of the Parquet file of a document and table:
 * `<lake>/<table>/seller=<seller>/<document>.parquet`.
 */
export function lakePath(lake: string, of: { table: string; sellerId: string; documentId: string }): string {
  return join(
    lake,
    safeName(of.table),
    `seller=${safeName(of.sellerId)}`,
    `${safeName(of.documentId)}.parquet`,
  );
}
