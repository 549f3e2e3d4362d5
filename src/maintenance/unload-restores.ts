import type { PipelineContext } from '../ingest/context.js';
import { readLoadRecord } from '../ingest/load-record.js';
import type { LoadMode } from '../schema/types.js';
import { ledgerPages } from '../warehouse/ledger/ledger-pages.js';
import { documentStatuses, madeAtMs, shareMarketplace } from '../warehouse/rules/other-documents.js';
import { byTime, dayOf, historyDocuments } from '../warehouse/history/history-documents.js';
import type { LedgerRow, Warehouse } from '../warehouse/types.js';

/**
 * The documents whose rows come back when others are taken away, the first loaded first: older ones
 * of the same seller and table that have lost rows. Of a snapshot, those that no other newer one
 * replaces. The commit decides row by row, so that one too many does no harm.
 */
export async function findRestores(leaving: LedgerRow[], context: PipelineContext): Promise<LedgerRow[]> {
  const { warehouse, clock } = context;
  const left = new Set(leaving.map(({ key }) => key));
  const daily = await dailyHistories(warehouse);
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
      const history = daily.get(table.toLowerCase());
      const isBefore = (others: LedgerRow[]) => others.some((each) => isBeforeOnDay(row, each));
      const isLastOfDay = history !== undefined && isBefore(rows) && !isBefore(staying);
      if (isLastOfDay && (await hasLostRows(row, table, context, history))) found.set(row.key, row);
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

/** The histories by days, by the lower-case names of their tables. */
async function dailyHistories(warehouse: Pick<Warehouse, 'tables'>): Promise<Map<string, string>> {
  const tables = await warehouse.tables();
  return new Map(
    tables.flatMap(({ name, history }) =>
      history?.mode === 'daily' ? [[history.of.toLowerCase(), name] as const] : [],
    ),
  );
}

/** Whether a history by days has the rows of another document of the day instead of its own. */
function isBeforeOnDay(row: LedgerRow, other: LedgerRow): boolean {
  const [one, last] = historyDocuments([row, other]);
  if (!one || !last || row.sellerId !== other.sellerId || !shareMarketplaceOf(row, other)) return false;
  return dayOf(one.micros) === dayOf(last.micros) && byTime(one, last) < 0;
}

/** `held`: the table that the rows are in, if it is another one. */
async function hasLostRows(
  row: LedgerRow,
  table: string,
  { warehouse }: PipelineContext,
  held = table,
): Promise<boolean> {
  const expected = row.tables.find(({ name }) => name === table)?.rows ?? 0;
  if (expected === 0) return false;
  const tables = row.tables.filter(({ name }) => name === table).map((each) => ({ ...each, name: held }));
  const now = await warehouse.rowsNow({ ...row, tables });
  return (now.find(({ name }) => name.toLowerCase() === held.toLowerCase())?.rows ?? 0) < expected;
}
