import { maxSeamMs } from '../../../src/warehouse/ledger/periods.js';
import {
  type LedgerFilter,
  type LedgerRow,
  ledgerKey,
  type Period,
  type RowDifference,
  rowsByKeys,
} from '../../../src/warehouse/types.js';
import type { DatabaseState, StoredDocument } from './database.js';

/** See `Warehouse.seen`. */
export function seenIn({ ledger }: DatabaseState, keys: string[]): Map<string, LedgerRow> {
  const direct = keys.flatMap((key) => ledger.get(key) ?? []);
  const reports = new Set(keys.filter((key) => key.includes('/report/')));
  const ofReports =
    reports.size === 0
      ? []
      : [...ledger.values()].filter(
          ({ sellerId, reportId }) => sellerId && reportId && reports.has(ledgerKey({ sellerId, reportId })),
        );
  const rows = [...direct, ...ofReports].sort(
    (a, b) => Number(a.documentId !== null) - Number(b.documentId !== null),
  );
  return rowsByKeys(rows, keys);
}

/** The ledger rows that a filter keeps, sorted as it says. */
export function filtered({ ledger }: DatabaseState, filter: LedgerFilter): LedgerRow[] {
  const found = [...ledger.values()].filter((row) => isKept(row, filter));
  const isAscending = filter.after !== undefined;
  found.sort((a, b) => {
    const byTime = compare(a.loadedAt, b.loadedAt);
    return (isAscending ? byTime : -byTime) || compare(a.key, b.key);
  });
  return filter.limit === undefined ? found : found.slice(0, Math.max(0, Math.trunc(filter.limit)));
}

function isKept(row: LedgerRow, filter: LedgerFilter): boolean {
  const { statuses, reportType, sellerId, documentOrTable: name, after } = filter;
  const made = row.reportCreatedAt ?? row.loadedAt;
  const isAt = (value: string | null, since: string | undefined) =>
    since === undefined || (value !== null && Date.parse(value) >= Date.parse(since));
  const isBefore = (value: string, before: string | undefined) =>
    before === undefined || Date.parse(value) < Date.parse(before);
  return (
    (statuses === undefined || statuses.includes(row.status)) &&
    (reportType === undefined || row.reportType === reportType) &&
    (sellerId === undefined || row.sellerId === sellerId) &&
    (name === undefined ||
      row.documentId === name ||
      row.reportId === name ||
      row.tables.some((table) => table.name === name)) &&
    (!filter.withWarnings || row.warnings.length > 0) &&
    isAt(row.dataEnd, filter.dataEndSince) &&
    isAt(row.reportCreatedAt, filter.createdSince) &&
    isBefore(made, filter.madeBefore) &&
    isBefore(row.loadedAt, filter.loadedBefore) &&
    isAt(row.loadedAt, filter.loadedSince) &&
    (after === undefined ||
      row.loadedAt > after.loadedAt ||
      (row.loadedAt === after.loadedAt && row.key > after.key))
  );
}

/** See `Warehouse.periods`. */
export function periodsOf({ ledger }: DatabaseState): Period[] {
  const sources = new Map<string, LedgerRow[]>();
  for (const row of ledger.values()) {
    const { status, sellerId, reportType, marketplaceIds, dataStart, dataEnd } = row;
    if (!['loaded', 'empty', 'cancelled'].includes(status)) continue;
    if (!sellerId || !reportType || !dataStart || !dataEnd) continue;
    const source = JSON.stringify([reportType, sellerId, marketplaceIds]);
    sources.set(source, [...(sources.get(source) ?? []), row]);
  }
  return [...sources.values()].flatMap(joined);
}

/** Of rows of one source: adjoining and overlapping periods as one. */
function joined(rows: LedgerRow[]): Period[] {
  const tables = [...new Set(rows.flatMap((row) => row.tables.map(({ name }) => name)))].map((name) => ({
    name,
  }));
  const spans = rows
    .map(({ dataStart, dataEnd }) => ({ dataStart: dataStart as string, dataEnd: dataEnd as string }))
    .filter(({ dataStart, dataEnd }) => Date.parse(dataEnd) - Date.parse(dataStart) > maxSeamMs)
    .sort((a, b) => compare(a.dataStart, b.dataStart));
  const [{ sellerId, reportType, marketplaceIds }] = rows as [LedgerRow];
  const periods: Period[] = [];
  for (const { dataStart, dataEnd } of spans) {
    const last = periods.at(-1);
    if (last?.dataEnd && Date.parse(dataStart) - Date.parse(last.dataEnd) <= maxSeamMs) {
      if (dataEnd > last.dataEnd) last.dataEnd = dataEnd;
    } else
      periods.push({ status: 'loaded', sellerId, reportType, marketplaceIds, dataStart, dataEnd, tables });
  }
  return periods;
}

/** See `Warehouse.rowDifferences`. */
export function rowDifferencesIn(state: DatabaseState, table: string, isAppend: boolean): RowDifference[] {
  const stored = state.tables.get(table) ?? new Map<string, StoredDocument>();
  const filling = [...state.ledger.values()].filter(({ tables }) =>
    tables.some(({ name }) => name === table),
  );
  const madeAt = (row: LedgerRow) => row.reportCreatedAt ?? row.loadedAt;
  const isNewest = (row: LedgerRow) =>
    filling.every((other) => other === row || other.sellerId !== row.sellerId || madeAt(other) < madeAt(row));
  const ofLedger = filling.map((row) => {
    const of = row.tables.find(({ name }) => name === table);
    return {
      key: row.key,
      sellerId: row.sellerId,
      documentId: row.documentId ?? '',
      expected: (of?.rows ?? 0) - (of?.superseded ?? 0),
      found: stored.get(row.key)?.rows.length ?? 0,
      isNewest: isNewest(row),
    };
  });
  const known = new Set(filling.map(({ key }) => key));
  const orphans = [...stored]
    .filter(([key]) => !known.has(key))
    .map(([, { seller, document, rows }]) => ({
      key: null,
      sellerId: seller,
      documentId: document ?? '',
      expected: 0,
      found: rows.length,
      isNewest: false,
    }));
  return [...ofLedger, ...orphans].filter(
    ({ key, found, expected, isNewest: isLast }) =>
      key === null || found > expected || (found < expected && (isAppend || isLast)),
  );
}

export function countRows(documents: Map<string, StoredDocument>): number {
  let count = 0;
  for (const { rows } of documents.values()) count += rows.length;
  return count;
}

function compare<T>(a: T, b: T): number {
  return a < b ? -1 : Number(a > b);
}
