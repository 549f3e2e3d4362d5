import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNotTheDocumentsFault, knownError, ReportsError } from '../../errors/reports-error.js';
import { withTempFolder } from '../../files/temp-folder.js';
import { documentIdOf, keepFile } from '../../source/document/raw-store.js';
import type { RawDocument } from '../../source/types.js';
import { pluralize } from '../../text/pluralize.js';
import { type LedgerEntry, ledgerKey, type LedgerRow } from '../../warehouse/types.js';
import { buildLoad, quarantinedLoad } from '../build-load.js';
import type { PipelineContext } from '../context.js';
import { leftReason, type OwnTable, ownDecision, ownTableSeller, ownTables } from './own-tables.js';

const sellerId = ownTableSeller;

/**
 * Loads the tables that the user fills, costs and exchange rates, if they changed since they were
 * last loaded, by the same data path as reports. Mistakes in them stop nothing: they are logged,
 * and are in the ledger as a quarantined document until they are fixed; what was loaded before
 * stays.
 * Errors: those that every document would meet, such as a locked warehouse.
 */
export async function loadOwnTables(
  context: PipelineContext,
  { maxDocumentBytes, signal }: { maxDocumentBytes: number; signal: AbortSignal },
): Promise<LedgerEntry[]> {
  const loaded: LedgerEntry[] = [];
  for (const table of ownTables(context.config)) {
    signal.throwIfAborted();
    const { reportType } = table;
    const job = { key: `${sellerId}/${reportType}`, messages: [], report: { sellerId } };
    // Drains of several pipelines begin together.
    const entry = await context.shared.alone(job, () =>
      loadOwnTable(table, context, { maxDocumentBytes, signal }),
    );
    if (entry) loaded.push(entry);
  }
  return loaded;
}

/** Undefined if the document was loaded, or quarantined, before. */
async function loadOwnTable(
  { reportType, source, read }: OwnTable,
  context: PipelineContext,
  limits: { maxDocumentBytes: number; signal: AbortSignal },
): Promise<LedgerEntry | undefined> {
  const { log, warehouse } = context;
  const [last] = await warehouse.loads({ reportType, sellerId, limit: 1 });
  const document = await read(warehouse).catch(refusalOf);
  // The same mistakes are the same document.
  const text = typeof document === 'string' ? document : document.message;
  const documentId = documentIdOf(sha256(text));
  const hasLeft = (row: LedgerRow | undefined) =>
    row?.status === 'unloaded' && row.reason === leftReason(reportType);
  if (last?.documentId === documentId && !hasLeft(last)) return undefined;
  const key = ledgerKey({ sellerId, documentId });
  // What a person took away stays away until the file changes.
  const known = (await warehouse.seen([key])).get(key);
  if (known?.status === 'unloaded' && !hasLeft(known)) return undefined;
  const raw = await keep(text, reportType, context);
  const decisions = [ownDecision(reportType, context.config)];
  const options = { pipeline: null, isFresh: true, decisions, ...limits };
  const load =
    typeof document === 'string'
      ? await buildLoad(raw, options, context)
      : quarantinedLoad(document, raw, options, context);
  const entry = await context.shared.commits.submit({ ...load, replacesKey: quarantinedKey(last) });
  if (entry.status === 'quarantined') {
    log.error({ code: entry.reasonCode, reportType }, String(entry.reason));
  } else {
    const rows = entry.tables.map((each) => `${pluralize(each.rows, 'row')} into ${each.name}`).join(', ');
    log.info({ reportType, source }, `loaded ${rows || 'no rows'} from ${source}`);
  }
  return entry;
}

/** An error about what the user wrote; any other is thrown. */
function refusalOf(error: unknown): ReportsError {
  const known = knownError(error);
  if (!(known instanceof ReportsError) || isNotTheDocumentsFault(known)) throw error;
  return known;
}

/** Mistakes that are fixed leave the ledger. */
function quarantinedKey(last: LedgerRow | undefined): string | undefined {
  return last?.status === 'quarantined' ? last.key : undefined;
}

function keep(text: string, reportType: string, { raw, clock }: PipelineContext): Promise<RawDocument> {
  return withTempFolder(async (folder) => {
    const path = join(folder, `${reportType}.csv`);
    await writeFile(path, text);
    const reportCreatedAt = new Date(clock.now()).toISOString();
    return keepFile(raw, path, { sellerId, reportType, marketplaceIds: [], reportCreatedAt });
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
