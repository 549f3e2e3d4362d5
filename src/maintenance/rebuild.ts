import { isoNow } from '../runtime/clock.js';
import { chmod, copyFile, link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { warehouseName } from '../config/read.js';
import { pluralize } from '../text/pluralize.js';
import { ReportsError } from '../errors/reports-error.js';
import { takeLock } from '../files/file-lock.js';
import { isThere, syncFolder } from '../files/whole-file.js';
import type { HeldLedger, WarehouseFile } from '../warehouse/types.js';
import type { PipelineContext } from '../ingest/context.js';
import { type CommitOptions, type CommitSummary, commitSources } from './rebuild-loads.js';
import { readSources } from './rebuild-reading.js';
import { findSources } from './rebuild-sources.js';
import { type WorkTables, withWorkTables } from './work-tables.js';

/**
 * How many loads were committed again from the Parquet of the lake, and how many documents were
 * parsed again from raw; the keys of documents that had rows, by the old ledger or the lake, and
 * whose copies are both missing or damaged; and the damaged files, by the key of their document, or
 * by their name if the document is unknown.
 */
export interface RebuildSummary extends CommitSummary {
  /** The path of the old file now; null if there was none. */
  backup: string | null;
}

export interface RebuildOptions extends CommitOptions {
  /**
   * Thrown if there is neither a load in the lake nor a raw document. The old file is unchanged.
   */
  unlessEmpty?: Error;
}

/**
 * Makes a new warehouse file beside the old one, from the load records of the lake. If the Parquet
 * or the record of a document is missing or damaged, its raw document is used, and if that is
 * damaged too, it is downloaded again from Amazon. Then the new file replaces the old one, which is
 * kept under another name. Meanwhile nobody can commit to the old file. Errors: WAREHOUSE_LOCKED;
 * REBUILD_INCOMPLETE, with the old file unchanged; WAREHOUSE_IS_NO_FILE.
 */
export async function rebuild(context: PipelineContext, options: RebuildOptions): Promise<RebuildSummary> {
  const file = context.warehouseFile;
  if (!file) throw new ReportsError('WAREHOUSE_IS_NO_FILE', { path: warehouseName(context.config) });
  return withRebuildLock(file.path, () =>
    file.hold(file.path, (ledger) =>
      withWorkTables(context.config.state, (tables) =>
        makeNewFile(file, { ledger, tables }, context, options),
      ),
    ),
  );
}

/**
 * Calls `work` while no other process rebuilds the warehouse or purges. DuckDB cannot lock a
 * damaged file, so rebuilds and purges use a lock of their own. Errors: WAREHOUSE_LOCKED.
 */
export async function withRebuildLock<T>(path: string, work: () => Promise<T>): Promise<T> {
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

async function makeNewFile(
  { path, open }: WarehouseFile,
  { ledger, tables }: { ledger: HeldLedger; tables: WorkTables },
  context: PipelineContext,
  options: RebuildOptions,
): Promise<RebuildSummary> {
  const fresh = `${path}.rebuild`;
  await removeFresh(fresh);
  const sources = await findSources(context, ledger, tables);
  const { lostCount, failures } = sources;
  if (options.unlessEmpty && sources.count === 0) throw options.unlessEmpty;
  const refuseLoss = (count: number, first: string | undefined) => {
    if (first === undefined || options.acceptLoss) return;
    const { lake, raw } = context;
    throw new ReportsError('REBUILD_INCOMPLETE', {
      path,
      count: pluralize(count, 'document'),
      first,
      lake: lake.location,
      raw: raw.location,
    });
  };
  const summary: RebuildSummary = { fromLake: 0, fromRaw: 0, lost: [], failures, backup: null };
  for await (const keys of sources.lost()) {
    refuseLoss(lostCount, keys[0]);
    summary.lost.push(...keys);
  }
  const warehouse = open(fresh);
  // Reading a document again looks at earlier ones, and nothing else can open the held file.
  const building = { ...context, warehouse };
  await commitSources(readSources(sources, ledger, context), warehouse, summary, building, options);
  try {
    refuseLoss(summary.lost.length, summary.lost[0]);
  } catch (error) {
    await removeFresh(fresh);
    throw error;
  }
  summary.backup = await swapIn(fresh, path);
  return summary;
}

async function removeFresh(fresh: string): Promise<void> {
  await rm(fresh, { force: true });
  await rm(`${fresh}.wal`, { force: true });
}

/**
 * Renames the new file to the name of the old one, and keeps the old one and its log under another
 * name. A file of that name exists at any time: if a crash left none, the next commit would start
 * an empty warehouse. A power cut leaves the old file with its log, or the new one.
 */
async function swapIn(fresh: string, path: string): Promise<string | null> {
  let backup: string | null = null;
  if (isThere(path)) {
    if (isThere(fresh)) await chmod(fresh, (await stat(path)).mode & 0o777);
    backup = `${path}.before-rebuild-${isoNow().replace(/[-:.]/g, '')}`;
    await link(path, backup).catch(() => copyAndSync(path, backup as string));
    if (isThere(`${path}.wal`)) await rename(`${path}.wal`, `${backup}.wal`);
    await syncFolder(dirname(path));
  }
  if (isThere(fresh)) await rename(fresh, path);
  else await rm(path, { force: true });
  await syncFolder(dirname(path));
  return backup;
}

/** For file systems without hard links. */
async function copyAndSync(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
