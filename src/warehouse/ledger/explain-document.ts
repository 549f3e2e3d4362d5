import type { Warning } from '../../errors/warnings.js';
import type { LedgerRow, LedgerTable, RejectGroup, Warehouse } from '../types.js';
import {
  type ComparedDocument,
  comparedFields,
  documentStatuses,
  madeAtMs,
  shareMarketplace,
} from '../rules/other-documents.js';
import { reasonRemedy, warningsWithRemedies } from './remedies.js';

/** All that is known about one document. Times are ISO 8601 in UTC. */
export interface Explanation extends Omit<LedgerRow, 'warnings' | 'tables'> {
  /** What to do about the reason. */
  remedy?: string;
  warnings: (Warning & { remedy?: string })[];
  /** `rowsNow`: how many of its rows are in the table now; null if there is no such table. */
  tables: (LedgerTable & { rowsNow: number | null })[];
  rejectGroups: RejectGroup[];
  /** The newest document that was made before it, of the same seller, type and marketplaces. */
  before: Neighbour | null;
  /** The documents made after it that filled the same tables, the first of them. */
  after: Neighbour[];
}

/** Another document of the same seller and report type. */
export type Neighbour = Omit<ComparedDocument, 'key'>;

/** A filter that continues after this sorts the first loaded first. */
const firstLoad = { loadedAt: new Date(0).toISOString(), key: '' };
/**
 * Others of the seller and type that are looked at, older ones and newer ones each, and the newer
 * ones that are named.
 */
const maxOthers = 1000;
const maxAfter = 3;

/** Collects all that ledger, tables and rejects know about a document. */
export async function explainDocument(row: LedgerRow, warehouse: Warehouse): Promise<Explanation> {
  const rowsNow = new Map((await warehouse.rowsNow(row)).map(({ name, rows }) => [name, rows]));
  return {
    ...row,
    remedy: reasonRemedy(row),
    warnings: warningsWithRemedies(row),
    tables: row.tables.map((table) => ({ ...table, rowsNow: rowsNow.get(table.name) ?? null })),
    rejectGroups: row.rejects > 0 ? await warehouse.rejectGroups(row) : [],
    ...(await neighboursOf(row, warehouse)),
  };
}

async function neighboursOf(
  row: LedgerRow,
  warehouse: Warehouse,
): Promise<Pick<Explanation, 'before' | 'after'>> {
  const { sellerId, reportType } = row;
  if (sellerId === null || reportType === null || row.tables.length === 0) return { before: null, after: [] };
  const alike = { sellerId, reportType, statuses: [...documentStatuses], limit: maxOthers };
  const madeMs = madeAtMs(row);
  // The last loaded of the older ones, and the first loaded of the newer ones.
  const older = { ...alike, madeBefore: new Date(madeMs + 1).toISOString() };
  const newer = { ...alike, createdSince: new Date(madeMs).toISOString(), after: firstLoad };
  const others = [
    ...(await warehouse.loadFields(comparedFields, older)),
    ...(await warehouse.loadFields(comparedFields, newer)),
  ]
    .filter(
      (each) =>
        each.key !== row.key &&
        shareMarketplace(each.marketplaceIds, row.marketplaceIds) &&
        fillsSameTable(each, row),
    )
    .toSorted((a, b) => madeAtMs(a) - madeAtMs(b));
  const after = others.filter((each) => madeAtMs(each) > madeMs);
  const before = others.findLast((each) => madeAtMs(each) <= madeMs);
  return { before: before ? neighbour(before) : null, after: after.slice(0, maxAfter).map(neighbour) };
}

function neighbour({ documentId, marketplaceIds, reportCreatedAt, loadedAt, tables }: Neighbour): Neighbour {
  return { documentId, marketplaceIds, reportCreatedAt, loadedAt, tables };
}

function fillsSameTable(a: Neighbour, b: Neighbour): boolean {
  return a.tables.some(({ name }) => b.tables.some((table) => table.name === name));
}
