import type { RankedDocument } from '../rules/plan-batches.js';
import type { LedgerEntry } from '../types.js';
import type { FilledDocument, FilledSearch, LedgerQueries } from './ledger-queries.js';

/**
 * Ranks documents that come into a table among those that are in it; the newest has the highest
 * rank. A document is newer if its report was created later, or at the same time with a higher
 * report id. A document without a creation time, one from disk, counts as created when it was
 * loaded. Documents in the table that are older than all of the same seller that come have no rank.
 */
export async function rankDocuments(
  ledger: Pick<LedgerQueries, 'readFilled'>,
  table: string,
  coming: ComingDocument[],
): Promise<(RankedDocument & { key: string })[]> {
  const ranked = coming.map(({ entry, loadedAt }) => agedDocument({ ...entry, loadedAt }));
  if (ranked.length === 0) return [];
  const filled = await ledger.readFilled(searchFor(table, coming));
  const keys = new Set(ranked.map(({ key }) => key));
  const others = filled.map(agedDocument).filter((other) => {
    const isNewer = ranked.some((one) => one.seller === other.seller && one.madeMicros <= other.madeMicros);
    return isNewer && !keys.has(other.key);
  });
  return [...ranked, ...others].sort(byAge).map(({ key, seller, document, marketplaces }, index) => ({
    key,
    seller,
    document,
    marketplaces,
    rank: index + 1,
  }));
}

/** A document that comes into a table. */
export interface ComingDocument {
  entry: LedgerEntry;
  loadedAt: string;
}

/** Finds the documents in a table that may be newer than some of those that come. */
export function searchFor(table: string, coming: ComingDocument[]): FilledSearch {
  const aged = coming.map(({ entry, loadedAt }) => agedDocument({ ...entry, loadedAt })).sort(byAge);
  // Documents of no known seller are ranked among themselves, and SQL finds no NULL in a list.
  const sellers = aged.flatMap(({ seller }) => seller ?? []);
  return {
    table,
    sinceIso: aged[0]?.madeAt ?? '',
    sellerIds: sellers.length < aged.length ? undefined : [...new Set(sellers)],
  };
}

/** What says how old a document is among others. */
export function agedDocument(row: FilledDocument) {
  const madeAt = row.reportCreatedAt ?? row.loadedAt;
  return {
    key: row.key,
    seller: row.sellerId,
    document: row.documentId,
    marketplaces: row.marketplaceIds ?? [],
    report: row.reportId ?? '',
    madeAt,
    madeMicros: epochMicros(madeAt),
  };
}

export type AgedDocument = ReturnType<typeof agedDocument>;

/** Sorts documents by age, the oldest first. */
export function byAge(a: AgedDocument, b: AgedDocument): number {
  return (
    compare(a.madeMicros, b.madeMicros) ||
    // Amazon's ids are numbers: the longer one is higher.
    compare(a.report.length, b.report.length) ||
    compare(a.report, b.report) ||
    compare(a.key, b.key)
  );
}

function compare<T>(left: T, right: T): number {
  return left < right ? -1 : Number(left > right);
}

/** Microseconds since 1970 of a time in ISO 8601. */
export function epochMicros(iso: string): bigint {
  const belowMillis = /\.\d{3}(\d{1,3})/.exec(iso)?.[1] ?? '';
  return BigInt(Date.parse(iso)) * 1000n + BigInt(belowMillis.padEnd(3, '0') || '0');
}
