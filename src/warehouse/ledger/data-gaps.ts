import type { Period } from '../types.js';

/**
 * A period that no loaded report of a table covers, although earlier and later ones exist. Times
 * are ISO 8601 in UTC.
 */
export interface DataGap {
  table: string;
  reportType: string;
  sellerId: string;
  /** Undefined if the reports name none. */
  marketplaceId?: string;
  from: string;
  to: string;
}

/** Allows for windows that end at 23:59:59 and continue at 00:00:00. */
export const maxSeamMs = 60_000;

/**
 * The gaps between the data periods in the ledger, by table, seller and marketplace. Empty reports
 * and reports that Amazon cancelled cover their period: there was no data. Snapshots, such as
 * inventories, have no periods.
 */
export function dataGaps(rows: Period[]): DataGap[] {
  const groups = new Map<string, Period[]>();
  for (const row of rows) {
    const isCovering = ['loaded', 'empty', 'cancelled'].includes(row.status);
    if (!isCovering || !row.sellerId || !row.reportType || !row.dataStart || !row.dataEnd) continue;
    for (const marketplaceId of row.marketplaceIds.length > 0 ? row.marketplaceIds : ['']) {
      const key = JSON.stringify([row.reportType, row.sellerId, marketplaceId]);
      const group = groups.get(key);
      if (group) group.push(row);
      else groups.set(key, [row]);
    }
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, periods]) => {
      const [reportType, sellerId, marketplaceId] = JSON.parse(key) as [string, string, string];
      const tables = [...new Set(periods.flatMap((each) => each.tables.map(({ name }) => name)))].sort();
      const about = { reportType, sellerId, marketplaceId: marketplaceId || undefined };
      const gaps = gapsBetween(periods);
      return tables.flatMap((table) => gaps.map((gap) => ({ table, ...about, ...gap })));
    });
}

function gapsBetween(rows: Period[]): { from: string; to: string }[] {
  const periods = rows
    .map(({ dataStart, dataEnd }) => ({
      startMs: Date.parse(dataStart ?? ''),
      endMs: Date.parse(dataEnd ?? ''),
    }))
    .filter(({ startMs, endMs }) => endMs - startMs > maxSeamMs)
    .sort((a, b) => a.startMs - b.startMs);
  const gaps: { from: string; to: string }[] = [];
  let coveredMs = Number.POSITIVE_INFINITY;
  for (const { startMs, endMs } of periods) {
    if (startMs - coveredMs > maxSeamMs)
      gaps.push({ from: new Date(coveredMs).toISOString(), to: new Date(startMs).toISOString() });
    coveredMs = coveredMs === Number.POSITIVE_INFINITY ? endMs : Math.max(coveredMs, endMs);
  }
  return gaps;
}
