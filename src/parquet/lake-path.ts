import { join } from 'node:path';
import { safeName } from '../files/safe-name.js';

/** Where the Parquet of a document and table is: `<lake>/<table>/seller=<seller>/<document>.parquet`. */
export function lakePath(lake: string, of: { table: string; sellerId: string; documentId: string }): string {
  return join(
    lake,
    safeName(of.table),
    `seller=${safeName(of.sellerId)}`,
    `${safeName(of.documentId)}.parquet`,
  );
}
