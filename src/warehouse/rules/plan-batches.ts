import { shareMarketplace } from './other-documents.js';
import type { TimedLoad } from './commit-rules.js';
import type { Relation, Relations } from './relations.js';
import type { LedgerEntry, Load, LoadTable } from '../types.js';

/**
 * A document that fills a table, and its rank among those of the table: the newest has the highest.
 */
export interface RankedDocument {
  seller: string | null;
  document: string | null;
  marketplaces: string[];
  rank: number;
}

/** The rows of one document for one table, ready to be loaded. */
export interface TableLoad extends RankedDocument {
  load: Load;
  table: LoadTable;
  /** ISO 8601 in UTC. */
  loadedAt: string;
}

/**
 * Documents of one commit for one table that can share a statement: they have the same load mode,
 * key and column types.
 */
export interface TableBatch {
  relation: Relation;
  loads: TableLoad[];
  /**
   * Documents in the table that may be newer than some of these, and the other documents of the
   * commit.
   */
  others: RankedDocument[];
}

/** Ranks incoming documents among those in the table; see `rankDocuments`. */
export type Rank = (
  table: string,
  coming: { entry: LedgerEntry; loadedAt: string }[],
) => Promise<(RankedDocument & { key: string })[]>;

/**
 * Groups the rows of loads by table, and within a table into batches that can share a statement.
 */
export async function planBatches(
  relations: Relations,
  loads: TimedLoad[],
  rank: Rank,
): Promise<TableBatch[][]> {
  const plans: TableBatch[][] = [];
  for (const [name, ofTable] of loadsByTable(loads)) {
    const relation = relations.get(name) as Relation;
    const ranked = areRanked(ofTable)
      ? await rank(
          ofTable[0]?.table.name ?? name,
          ofTable.map(({ load, loadedAt }) => ({ entry: load.entry, loadedAt })),
        )
      : [];
    const ranks = new Map(ranked.map(({ key, rank }) => [key, rank]));
    const alike = new Map<string, TableLoad[]>();
    for (const [index, { load, loadedAt, table }] of ofTable.entries()) {
      const { key, sellerId, documentId, marketplaceIds } = load.entry;
      const ids = {
        seller: sellerId,
        document: documentId,
        marketplaces: marketplaceIds,
        rank: ranks.get(key) ?? index + 1,
      };
      const kind = kindOf(table);
      alike.set(kind, [...(alike.get(kind) ?? []), { ...ids, load, loadedAt, table }]);
    }
    plans.push(
      [...alike.values()].map((ownLoads) => {
        const own = new Set(ownLoads.map(({ load }) => load.entry.key));
        return { relation, loads: ownLoads, others: ranked.filter(({ key }) => !own.has(key)) };
      }),
    );
  }
  return plans;
}

/** Loads by the lower-case name of each table that they fill. */
export function loadsByTable(loads: TimedLoad[]): Map<string, (TimedLoad & { table: LoadTable })[]> {
  const byTable = new Map<string, (TimedLoad & { table: LoadTable })[]>();
  for (const timed of loads) {
    for (const table of timed.load.tables) {
      const name = table.name.toLowerCase();
      byTable.set(name, [...(byTable.get(name) ?? []), { ...timed, table }]);
    }
  }
  return byTable;
}

/** Whether it matters for a table which of its documents is newer. */
export function areRanked(loads: { table: LoadTable }[]): boolean {
  return loads.some(({ table }) => table.mode !== 'append');
}

/** Tables of one kind can share a statement. */
function kindOf({ mode, key, columns }: LoadTable): string {
  return JSON.stringify([mode, key, columns.map(({ name, type }) => [name, type])]);
}

/** The loads that have rows. */
export function filledLoads(loads: TableLoad[]): TableLoad[] {
  return loads.filter(({ table }) => table.parquetPath);
}

/** How many rows the documents have. */
export function countOf(loads: TableLoad[]): number {
  return loads.reduce((sum, { table }) => sum + table.rows, 0);
}

/** Whether two of the loads are of one seller, so that they may have the same keys. */
export function shareSellers(loads: TableLoad[]): boolean {
  return new Set(loads.map(({ seller }) => seller)).size < loads.length;
}

export function coversMarketplaceOf(
  other: RankedDocument,
  { seller, marketplaces }: RankedDocument,
): boolean {
  return other.seller === seller && shareMarketplace(other.marketplaces, marketplaces);
}
