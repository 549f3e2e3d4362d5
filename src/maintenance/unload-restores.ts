import type { PipelineContext } from '../ingest/context.js';
import { readLoadRecord } from '../ingest/load-record.js';
import type { LoadMode } from '../schema/types.js';
import { ledgerPages } from '../warehouse/ledger/ledger-pages.js';
import { documentStatuses, madeAtMs, shareMarketplace } from '../warehouse/rules/other-documents.js';
import type { LedgerRow } from '../warehouse/types.js';

/**
 * The documents whose rows come back when others are taken away, the first loaded first: older ones
 * of the same seller and table that have lost rows. Of a snapshot, those that no other newer one
 * replaces. The commit decides row by row, so that one too many does no harm.
 */
export async function findRestores(leaving: LedgerRow[], context: PipelineContext): Promise<LedgerRow[]> {
  const { warehouse, clock } = context;
  const left = new Set(leaving.map(({ key }) => key));
  const found = new Map<string, LedgerRow>();
  for (const { table, sellerId, rows } of groupsOf(leaving)) {
    const staying: LedgerRow[] = [];
    const filter = {
      documentOrTable: table,
      sellerId: sellerId ?? undefined,
      statuses: [...documentStatuses],
    };
    for await (const page of ledgerPages(warehouse, clock, filter)) {
      const fills = ({ tables }: LedgerRow) => tables.some(({ name }) => name === table);
      staying.push(...page.filter((row) => fills(row) && row.sellerId === sellerId && !left.has(row.key)));
    }
    const mode = staying.length > 0 ? await modeOf(table, rows, context) : 'append';
    if (mode === 'append') continue;
    for (const row of staying) {
      const isOlder = rows.some((each) => madeAtMs(row) <= madeAtMs(each) && mayReplace(mode, each, row));
      if (!isOlder || found.has(row.key)) continue;
      const isReplaced = staying.some(
        (each) => madeAtMs(each) > madeAtMs(row) && shareMarketplaceOf(each, row),
      );
      if (mode === 'snapshot' && isReplaced) continue;
      if (await hasLostRows(row, table, context)) found.set(row.key, row);
    }
  }
  const isBefore = (a: LedgerRow, b: LedgerRow) => (a.loadedAt < b.loadedAt ? -1 : 1);
  return [...found.values()].sort(isBefore);
}

/** The documents by table and seller. */
function groupsOf(leaving: LedgerRow[]): { table: string; sellerId: string | null; rows: LedgerRow[] }[] {
  const groups = new Map<string, { table: string; sellerId: string | null; rows: LedgerRow[] }>();
  for (const row of leaving) {
    for (const { name: table } of row.tables) {
      const key = JSON.stringify([table, row.sellerId]);
      const group = groups.get(key) ?? { table, sellerId: row.sellerId, rows: [] };
      group.rows.push(row);
      groups.set(key, group);
    }
  }
  return [...groups.values()];
}

/** How those documents were loaded. If nothing says so, rows may have been replaced. */
async function modeOf(
  table: string,
  rows: LedgerRow[],
  { lake, schemas }: PipelineContext,
): Promise<LoadMode | undefined> {
  const modes = new Set<LoadMode | undefined>();
  for (const row of rows) {
    const record = await readLoadRecord(lake, row);
    const declared = schemas.get(row.reportType ?? '')?.tables;
    const known = record?.tables.find(({ name }) => name === table)?.mode;
    modes.add(known ?? declared?.find(({ name }) => name === table)?.load.mode);
  }
  return modes.size === 1 ? [...modes][0] : undefined;
}

function mayReplace(mode: LoadMode | undefined, newer: LedgerRow, older: LedgerRow): boolean {
  return mode !== 'snapshot' || shareMarketplaceOf(newer, older);
}

function shareMarketplaceOf(a: LedgerRow, b: LedgerRow): boolean {
  return shareMarketplace(a.marketplaceIds, b.marketplaceIds);
}

async function hasLostRows(row: LedgerRow, table: string, { warehouse }: PipelineContext): Promise<boolean> {
  const expected = row.tables.find(({ name }) => name === table)?.rows ?? 0;
  if (expected === 0) return false;
  const now = await warehouse.rowsNow({ ...row, tables: row.tables.filter(({ name }) => name === table) });
  return (now.find(({ name }) => name.toLowerCase() === table.toLowerCase())?.rows ?? 0) < expected;
}
