import type { ItemSource } from '../config/request-items-spec.js';
import { ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { misfit, packItems } from './pack-items.js';
import type { RequestPlan } from './request-plans.js';

/** Tables with the ASINs of listings, and their column. The first one with rows counts. */
const listingTables: Record<string, string> = {
  listings: 'asin1',
  listings_active: 'asin1',
  listings_open: 'asin',
};

type PlanWithItems = Pick<RequestPlan, 'sellerId' | 'reportType' | 'marketplaceIds'> & { items: ItemSource };

/**
 * Reads the items of a request from the settings or the warehouse, and packs them into parts, the
 * most important items first. Each item counts once; blank ones are left out. Errors:
 * REQUEST_ITEMS_FAILED, REQUEST_ITEMS_MISSING, REQUEST_ITEM_INVALID; those of the warehouse if it
 * can't be opened.
 */
export async function readParts(
  plan: PlanWithItems,
  { warehouse }: Pick<PipelineContext, 'warehouse'>,
): Promise<string[]> {
  const { sellerId, reportType, marketplaceIds, items: source } = plan;
  const { option, limits, from, sql, rank } = source;
  const about = { sellerId, reportType };
  const found = await itemsFrom();
  const items = distinct(rank === undefined ? found : ranked(found, await column(rank)));
  if (items.length === 0) {
    const name = sql === undefined ? (from === 'listings' ? 'the listings table' : 'the list') : 'the SQL';
    throw new ReportsError('REQUEST_ITEMS_MISSING', { ...about, source: name });
  }
  for (const item of items) {
    const problem = misfit(item, limits);
    if (problem) throw new ReportsError('REQUEST_ITEM_INVALID', { ...about, item, option, found: problem });
  }
  return packItems(items, limits);

  async function itemsFrom(): Promise<string[]> {
    if (sql !== undefined) return column(sql);
    return Array.isArray(from) ? from : listedAsins();
  }

  /** In the order of the ASINs: a set of items that stays the same makes the same parts. */
  async function listedAsins(): Promise<string[]> {
    const tables = new Set((await warehouse.tables()).map(({ name }) => name));
    for (const [table, asin] of Object.entries(listingTables)) {
      if (!tables.has(table)) continue;
      const rows = await rowsOf(
        `SELECT DISTINCT ${asin}, _marketplace_ids FROM ${table} WHERE _seller_id = '${sellerId}' AND ${asin} IS NOT NULL ORDER BY 1`,
      );
      const asins = rows.flatMap(([item, ids]) =>
        Array.isArray(ids) && ids.some((id) => marketplaceIds.includes(String(id))) ? [String(item)] : [],
      );
      if (asins.length > 0) return asins;
    }
    return [];
  }

  async function column(query: string): Promise<string[]> {
    const rows = await rowsOf(withParameters(query, { seller: sellerId, marketplace: marketplaceIds[0] }));
    return rows.flatMap(([item]) => (item === null || item === undefined ? [] : [String(item)]));
  }

  async function rowsOf(query: string): Promise<unknown[][]> {
    try {
      const { rows } = await warehouse.query(query);
      return rows.map((row) => Object.values(row));
    } catch (error) {
      const codes = ['QUERY_FAILED', 'WAREHOUSE_MISSING'];
      if (!(error instanceof ReportsError) || !codes.includes(error.code)) throw error;
      const text = error.details.found ?? error.message;
      throw new ReportsError('REQUEST_ITEMS_FAILED', { ...about, found: text }, { cause: error });
    }
  }
}

/** Ids have no quotes: the settings allow none. */
function withParameters(sql: string, { seller, marketplace = '' }: { seller: string; marketplace?: string }) {
  return sql.replace(/\$seller\b/g, `'${seller}'`).replace(/\$marketplace\b/g, `'${marketplace}'`);
}

/** The items that are ranked first, in that order; then the others. */
function ranked(items: string[], first: string[]): string[] {
  const known = new Set(items);
  return [...first.filter((item) => known.has(item)), ...items];
}

function distinct(items: string[]): string[] {
  return [...new Set(items.map((item) => item.trim()).filter((item) => item !== ''))];
}
