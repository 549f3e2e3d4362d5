import { ownTableTypes } from '../config/own-tables-spec.js';
import { ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { replaceLoadRecord } from '../ingest/load-record.js';
import { loadOwnTables } from '../ingest/own-tables/load-own-tables.js';
import {
  leftReason,
  type OwnTableType,
  ownDecision,
  ownTableSeller,
  ownTables,
  settingsOf,
} from '../ingest/own-tables/own-tables.js';
import type { LedgerEntry, Warehouse } from '../warehouse/types.js';
import { type UnloadOptions, unload, unloadedLoad } from './unload.js';

/** Those that have nothing of settings that are gone: a process reads its settings once. */
const checked = new WeakSet<Warehouse>();

/**
 * Makes the tables that the user fills, costs and exchange rates, as the settings say: loads what
 * changed, and takes away what the settings no longer have. Returns the ledger entries of what was
 * loaded, or has mistakes, and whether something was taken away. Errors: as `loadOwnTables`.
 */
export async function syncOwnTables(
  context: PipelineContext,
  options: Pick<UnloadOptions, 'maxDocumentBytes' | 'signal'>,
): Promise<{ loaded: LedgerEntry[]; hasLeft: boolean }> {
  let hasLeft = false;
  if (!checked.has(context.warehouse)) {
    const there = new Set(ownTables(context.config).map(({ reportType }) => reportType));
    for (const reportType of ownTableTypes) {
      if (there.has(reportType)) continue;
      const job = {
        key: `${ownTableSeller}/${reportType}`,
        messages: [],
        report: { sellerId: ownTableSeller },
      };
      const isTaken = await context.shared.alone(job, () => takeAway(reportType, context, options));
      hasLeft ||= isTaken;
    }
    checked.add(context.warehouse);
  }
  return { loaded: await loadOwnTables(context, options), hasLeft };
}

/**
 * Takes away the documents that these settings brought, and returns whether there were any. What a
 * person loaded stays, or comes back.
 */
async function takeAway(
  reportType: OwnTableType,
  context: PipelineContext,
  options: Pick<UnloadOptions, 'maxDocumentBytes' | 'signal'>,
): Promise<boolean> {
  const { warehouse, schemas, config, lake, log } = context;
  const statuses = ['loaded' as const, 'empty' as const, 'quarantined' as const];
  const filter = { reportType, sellerId: ownTableSeller, statuses };
  const brought = (await warehouse.loadFields(['decisions'], filter)).map(settingsOf);
  // A file that is missing may only be out of reach, for example not mounted.
  const own = config.file === null ? undefined : ownDecision(reportType, config).reason;
  const reason = leftReason(reportType);
  const table = schemas.get(reportType)?.tables[0]?.name ?? reportType;
  const other = brought.find((each) => each !== undefined && each !== own);
  const isOwn = own !== undefined && brought.includes(own);
  if (other !== undefined && !isOwn) {
    log.warn(
      { table },
      `${table} has rows from ${other}, and these settings have none; if they should go, run \`sp-reports drop ${table}\``,
    );
  }
  if (!isOwn) return false;
  const rows = (await warehouse.loads(filter)).filter((row) => settingsOf(row) === own);
  try {
    await unload(
      rows.filter(({ status }) => status !== 'quarantined'),
      context,
      { ...options, reason },
    );
  } catch (error) {
    if (!(error instanceof ReportsError) || error.code !== 'UNLOAD_REFUSED') throw error;
    log.warn({ table, code: error.code }, `${reason}, but its rows stay in ${table}: ${error.message}`);
    return false;
  }
  const mistakes = rows
    .filter(({ status }) => status === 'quarantined')
    .map((row) => unloadedLoad(row, { reason }));
  await warehouse.commit(mistakes);
  for (const load of mistakes) await replaceLoadRecord(lake, load);
  await warehouse.dropEmptyTable(table);
  log.warn({ table }, `${reason}: the rows that came from it left ${table}`);
  return true;
}
