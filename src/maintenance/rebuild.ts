import { isoNow } from '../runtime/clock.js';
import { chmod, copyFile, link, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { warehouseName } from '../config/read.js';
import { pluralize } from '../text/pluralize.js';
import { describeError, ReportsError } from '../errors/reports-error.js';
import { takeLock } from '../files/file-lock.js';
import { isThere } from '../files/whole-file.js';
import type { LedgerRow, WarehouseFile } from '../warehouse/types.js';
import type { PipelineContext } from '../ingest/context.js';
import { type CommitOptions, type CommitSummary, commitSources } from './rebuild-loads.js';
import { findSources, type Sources } from './rebuild-sources.js';

/**
 * How many loads were committed again from the Parquet of the lake, and how many documents were parsed again from raw; the keys of those that
 * had rows, by the old ledger or the lake, and of which neither is whole; and the files that are damaged, by the key of their document, or by
 * their name if nobody knows it.
 */
export interface RebuildSummary extends CommitSummary {
  /** Where the old file is now; null where there was none. */
  backup: string | null;
}

export interface RebuildOptions extends CommitOptions {
  /** Thrown, with the old file as it was, where there is neither a load in the lake nor a raw document. */
  unlessEmpty?: Error;
}

/**
 * Makes the warehouse file anew beside the old one, from the load records of the lake and, where their Parquet or record is missing or
 * damaged, from the raw documents, which are fetched again from Amazon if they are damaged too; then puts it in the old one's place, which
 * is kept. Meanwhile nobody can commit to the old file.
 * Errors: WAREHOUSE_LOCKED; REBUILD_INCOMPLETE, with the old file as it was; WAREHOUSE_IS_NO_FILE.
 */
export async function rebuild(context: PipelineContext, options: RebuildOptions): Promise<RebuildSummary> {
  const file = context.warehouseFile;
  if (!file) throw new ReportsError('WAREHOUSE_IS_NO_FILE', { path: warehouseName(context.config) });
  return whileNobodyRebuilds(file.path, async () => {
    const old = await readOldLedger(context);
    return file.hold(file.path, () => makeAnew(file, old, context, options));
  });
}

/**
 * Does work while no other process rebuilds the warehouse or purges. A damaged file can be held by nobody, so they keep each other out by a
 * lock of their own. Errors: WAREHOUSE_LOCKED.
 */
export async function whileNobodyRebuilds<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = await takeLock(`${path}.rebuild.lock`);
  if (!lock) throw new ReportsError('WAREHOUSE_LOCKED', { path, found: 'it is being rebuilt or purged' });
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** Files that rebuilds set aside or left behind, and what a crash left of one. */
export async function filesOfRebuilds(path: string): Promise<string[]> {
  const own = [`${basename(path)}.before-rebuild-`, `${basename(path)}.rebuild`];
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => own.some((beginning) => name.startsWith(beginning)) && !name.endsWith('.lock'))
    .map((name) => join(dirname(path), name))
    .sort();
}

async function makeAnew(
  { path, open }: WarehouseFile,
  old: Map<string, LedgerRow> | undefined,
  context: PipelineContext,
  options: RebuildOptions,
): Promise<RebuildSummary> {
  const fresh = `${path}.rebuild`;
  await removeFresh(fresh);
  const sources = await findSources(context, old);
  if (options.unlessEmpty && sources.documents.length === 0) throw options.unlessEmpty;
  const summary: RebuildSummary = {
    fromLake: 0,
    fromRaw: 0,
    lost: lostKeys(sources, old),
    failures: sources.failures,
    backup: null,
  };
  const refuseLoss = () => {
    const [first] = summary.lost;
    if (first === undefined || options.acceptLoss) return;
    const { lake, raw } = context;
    throw new ReportsError('REBUILD_INCOMPLETE', {
      path,
      count: pluralize(summary.lost.length, 'document'),
      first,
      lake: lake.location,
      raw: raw.location,
    });
  };
  refuseLoss();
  await commitSources(sources.documents, open(fresh), summary, context, options);
  try {
    refuseLoss();
  } catch (error) {
    await removeFresh(fresh);
    throw error;
  }
  summary.backup = await putInPlace(fresh, path);
  return summary;
}

async function removeFresh(fresh: string): Promise<void> {
  await rm(fresh, { force: true });
  await rm(`${fresh}.wal`, { force: true });
}

/** Documents of the old ledger that had rows, and of which neither Parquet nor raw bytes are there. */
function lostKeys({ documents }: Sources, old: Map<string, LedgerRow> | undefined): string[] {
  const found = new Set(documents.map(({ key }) => key));
  return [...(old?.values() ?? [])]
    .filter((row) => row.tables.length > 0 && !found.has(row.key))
    .map(({ key }) => key);
}

/** The ledger of the old file; undefined where it can't be read. */
async function readOldLedger({
  warehouse,
  log,
}: PipelineContext): Promise<Map<string, LedgerRow> | undefined> {
  try {
    const rows = await warehouse.loads({});
    return rows.length > 0 ? new Map(rows.map((row) => [row.key, row])) : undefined;
  } catch (error) {
    if (error instanceof ReportsError && error.code === 'WAREHOUSE_LOCKED') throw error;
    log.info(`the old warehouse file cannot be read: ${describeError(error)}`);
    return undefined;
  }
}

/**
 * Gives the new file the old one's name; the old one and its log are kept under another. There is a file of that name at any time: where
 * there was none after a crash, the next commit would begin an empty warehouse.
 */
async function putInPlace(fresh: string, path: string): Promise<string | null> {
  let backup: string | null = null;
  if (isThere(path)) {
    if (isThere(fresh)) await chmod(fresh, (await stat(path)).mode & 0o777);
    backup = `${path}.before-rebuild-${isoNow().replace(/[-:.]/g, '')}`;
    await link(path, backup).catch(() => copyFile(path, backup as string));
    if (isThere(`${path}.wal`)) await rename(`${path}.wal`, `${backup}.wal`);
  }
  if (isThere(fresh)) await rename(fresh, path);
  else await rm(path, { force: true });
  return backup;
}
