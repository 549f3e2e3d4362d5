import type { LedgerField, LedgerRow } from '../types.js';

/** The fields that a document is compared by with others of its seller and report type. */
export const comparedFields = [
  'key',
  'documentId',
  'marketplaceIds',
  'reportCreatedAt',
  'loadedAt',
  'tables',
] as const satisfies LedgerField[];

/** What a document of a seller and report type loaded. */
export type ComparedDocument = Pick<LedgerRow, (typeof comparedFields)[number]>;

/** The documents of a table that may have rows in it; an empty one cleared others. */
export const documentStatuses = ['loaded', 'empty'] as const;

/**
 * When the report was made, in epoch milliseconds; for a document from disk, when it was loaded.
 */
export function madeAtMs({
  reportCreatedAt,
  loadedAt,
}: Pick<LedgerRow, 'reportCreatedAt' | 'loadedAt'>): number {
  return Date.parse(reportCreatedAt ?? loadedAt);
}

/** Whether documents may have rows of one marketplace. One without marketplaces may have any. */
export function shareMarketplace(a: string[], b: string[]): boolean {
  return a.length === 0 || b.length === 0 || a.some((id) => b.includes(id));
}

/** Whether documents are of the same marketplaces. */
export function sameMarketplaces(a: string[], b: string[]): boolean {
  return a.toSorted().join() === b.toSorted().join();
}
