import { agedDocument, type AgedDocument, byAge, epochMicros } from '../ledger/rank-documents.js';
import { documentId } from '../rules/document-id.js';
import type { LedgerRow } from '../types.js';

/** What a history needs to know about a document. */
export type HistoryEntry = Pick<
  LedgerRow,
  | 'key'
  | 'sellerId'
  | 'documentId'
  | 'reportId'
  | 'marketplaceIds'
  | 'dataStart'
  | 'dataEnd'
  | 'reportCreatedAt'
  | 'loadedAt'
>;

/** A document of a table with a history. */
export interface HistoryDocument {
  /** See `documentId`. */
  id: string;
  entry: HistoryEntry & { documentId: string };
  /** Sorted. */
  marketplaces: string[];
  /** The time that its rows are from, in microseconds since 1970. */
  micros: bigint;
  age: AgedDocument;
}

/** The time that the rows of a document are from; null if nobody knows it. */
export function timeOf({
  dataEnd,
  reportCreatedAt,
}: Pick<LedgerRow, 'dataEnd' | 'reportCreatedAt'>): string | null {
  return dataEnd ?? reportCreatedAt;
}

/**
 * The documents that histories have, without those that say neither the end of their data nor when
 * they were created.
 */
export function historyDocuments(entries: HistoryEntry[]): HistoryDocument[] {
  return entries.flatMap((entry) => {
    const { sellerId, documentId: document, marketplaceIds } = entry;
    const time = timeOf(entry);
    if (document === null || time === null) return [];
    return {
      id: documentId({ seller: sellerId, document }),
      entry: { ...entry, documentId: document },
      marketplaces: [...new Set(marketplaceIds)].sort(),
      micros: epochMicros(time),
      age: agedDocument({ ...entry, documentId: document }),
    };
  });
}

/** Sorts documents by the time of their rows, then by age. */
export function byTime(a: HistoryDocument, b: HistoryDocument): number {
  return Number(a.micros > b.micros) - Number(a.micros < b.micros) || byAge(a.age, b.age);
}

/** The day of a time in UTC, for example 2026-01-31. */
export function dayOf(micros: bigint): string {
  return isoOf(micros).slice(0, 10);
}

/** ISO 8601 in UTC, with microseconds. */
export function isoOf(micros: bigint): string {
  const below = ((micros % 1000n) + 1000n) % 1000n;
  const iso = new Date(Number((micros - below) / 1000n)).toISOString();
  return `${iso.slice(0, -1)}${String(below).padStart(3, '0')}Z`;
}
