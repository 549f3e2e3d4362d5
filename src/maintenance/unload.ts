import { ReportsError } from '../errors/reports-error.js';
import { buildLoad } from '../ingest/build-load.js';
import type { PipelineContext } from '../ingest/context.js';
import { checkLakeFiles } from '../ingest/lake-files.js';
import {
  evictLocalCopies,
  readLoadRecord,
  replaceLoadRecord,
  writeLoadRecord,
} from '../ingest/load-record.js';
import { checkRaw, findRaw, withBytes } from '../source/document/raw-store.js';
import { ledgerEntry } from '../warehouse/ledger/ledger-entry.js';
import { isPurged, type LedgerRow, type Load, parquetPaths } from '../warehouse/types.js';
import { entryOf } from './record-from-ledger.js';
import { findRestores } from './unload-restores.js';
import { expectedFiles } from './verify-document.js';

export interface UnloadOptions {
  maxDocumentBytes: number;
  signal: AbortSignal;
  /** Why, as the ledger says. Default: a person took them away. */
  reason?: string;
}

/** How many documents share a commit, so that its statements stay short. */
const together = 1000;

/**
 * Takes the rows of documents away: from their tables, the rejects and the lake. Their raw
 * documents stay, and the ledger has them as `unloaded`, so that no run, sweep or rebuild loads
 * them again; `reload` does. Rows of older documents that those had replaced come back, in the same
 * commit. Returns the documents whose rows came back. Repeated after a crash, it finishes its work.
 * Errors: UNLOAD_REFUSED if a document cannot be loaded again, or the rows of an older one cannot
 * come back; those of a commit.
 */
export async function unload(
  rows: LedgerRow[],
  context: PipelineContext,
  options: UnloadOptions,
): Promise<LedgerRow[]> {
  const { lake } = context;
  for (const row of rows) await checkReloadable(row, context, options.signal);
  const known = await Promise.all(rows.map((row) => asLoaded(row, context)));
  const unloaded = rows.map((row) => unloadedLoad(row, options));
  const restored = new Map<string, LedgerRow>();
  const newRestores = async () =>
    (await findRestores(known, context)).filter(({ key }) => !restored.has(key));
  let restores = await newRestores();
  for (let start = 0; start < unloaded.length; start += together) {
    const isLast = start + together >= unloaded.length;
    await commit(unloaded.slice(start, start + together), isLast ? restores : []);
  }
  // Another process may have loaded older documents, below those that were still there.
  for (restores = await newRestores(); restores.length > 0; restores = await newRestores())
    await commit([], restores);
  // Last, because the records of those loads name their tables if this is interrupted.
  for (const [index, row] of known.entries()) {
    await replaceLoadRecord(lake, unloaded[index] as Load);
    for (const { path } of expectedFiles(row, lake)) await lake.remove(path);
  }
  return [...restored.values()];

  async function commit(leaving: Load[], returning: LedgerRow[]): Promise<void> {
    const loads = await loadsOf(returning, context, options);
    try {
      options.signal.throwIfAborted();
      await context.warehouse.commit([...leaving, ...loads]);
    } finally {
      for (const load of loads) await evictLocalCopies(load, lake);
    }
    for (const load of loads) await writeLoadRecord(lake, load);
    for (const row of returning) restored.set(row.key, row);
  }
}

/** Errors: UNLOAD_REFUSED. */
async function checkReloadable(row: LedgerRow, { raw }: PipelineContext, signal: AbortSignal): Promise<void> {
  const { status, sellerId, documentId, reportType } = row;
  const refuse = (found: string) =>
    new ReportsError('UNLOAD_REFUSED', { thing: documentId ?? row.key, found });
  if (status !== 'loaded' && status !== 'empty' && status !== 'unloaded')
    throw refuse(`it is ${status} and has no rows`);
  if (isPurged(row)) throw refuse('its raw document was purged, so that it could not be loaded again');
  const found =
    sellerId && documentId && reportType && (await findRaw(raw, { sellerId, documentId, reportType }));
  if (!found) throw refuse('its raw document is missing, so that it could not be loaded again');
  const digest = { bytes: row.rawBytes ?? undefined, sha256: row.rawSha256 ?? undefined };
  await withBytes(found, raw, signal, () => checkRaw(found, raw, digest)).catch((error: unknown) => {
    if (!isDamage(error)) throw error;
    throw refuse('its raw document is damaged, so that it could not be loaded again');
  });
}

function isDamage(error: unknown): boolean {
  return error instanceof ReportsError && error.code === 'RAW_DAMAGED';
}

/** The row as it was loaded, from its record, if unloading it was interrupted. */
async function asLoaded(row: LedgerRow, { lake }: PipelineContext): Promise<LedgerRow> {
  if (row.status !== 'unloaded') return row;
  const record = await readLoadRecord(lake, row);
  return record && record.entry.status !== 'unloaded' ? { ...record.entry, loadedAt: row.loadedAt } : row;
}

/** Keeps what is known of the document and its raw bytes, and nothing of its rows. */
export function unloadedLoad(
  row: LedgerRow,
  {
    reason = 'taken away by `sp-reports unload` or `drop`; `sp-reports reload` loads it again',
  }: Pick<UnloadOptions, 'reason'>,
): Load {
  const nothing = { tables: [], rejects: 0, files: [], checks: [], warnings: [], notes: [] };
  const entry = ledgerEntry({ ...entryOf(row), ...nothing, status: 'unloaded', reasonCode: null, reason });
  return { entry, tables: [], rejectsPath: null };
}

/** The loads of documents from the lake, otherwise from raw, the first loaded first. */
async function loadsOf(rows: LedgerRow[], context: PipelineContext, options: UnloadOptions): Promise<Load[]> {
  const loads: Load[] = [];
  try {
    for (const row of rows)
      loads.push((await fromLake(row, context)) ?? (await fromRaw(row, context, options)));
    return loads;
  } catch (error) {
    for (const load of loads) await evictLocalCopies(load, context.lake);
    throw error;
  }
}

async function fromLake(row: LedgerRow, { lake }: PipelineContext): Promise<Load | undefined> {
  const record = await readLoadRecord(lake, row);
  if (!record || record.entry.status !== row.status) return undefined;
  for (const path of parquetPaths(record)) if (!(await lake.fetch(path))) return undefined;
  const { damaged } = await checkLakeFiles(record, lake, row.files);
  return damaged ? undefined : { ...record, entry: entryOf(row) };
}

async function fromRaw(row: LedgerRow, context: PipelineContext, options: UnloadOptions): Promise<Load> {
  const { key, sellerId, documentId, reportType, pipeline } = row;
  const id = sellerId && documentId && reportType && { sellerId, documentId, reportType };
  const raw = id && (await findRaw(context.raw, id));
  const made = raw && (await buildLoad(raw, { pipeline, before: row, ...options }, context));
  if (made && made.entry.status !== 'quarantined') return made;
  const found = `rows of ${documentId ?? key} would have to come back, and neither its Parquet files nor its raw document can be loaded`;
  throw new ReportsError('UNLOAD_REFUSED', { thing: 'a newer document', found });
}
