import { warehouseName } from '../config/read.js';
import { isDamagedWarehouse } from '../errors/reports-error.js';
import { checkFolderWritable } from '../files/whole-file.js';
import type { PipelineContext } from '../ingest/context.js';
import { foldersBeside } from '../store/open-store.js';
import { rebuild } from './rebuild.js';

/**
 * Checks that the warehouse, the lake, the raw store and the state can be written. Sets a file
 * aside that cannot be opened because it is cut off or damaged, and makes it again. Errors:
 * DISK_FULL; FILE_SYSTEM_FAILED; those of buckets; WAREHOUSE_LOCKED; WAREHOUSE_UNREADABLE if there
 * is nothing to make it from; REBUILD_INCOMPLETE.
 */
export async function ensureWritable(context: PipelineContext, maxDocumentBytes: number): Promise<void> {
  await Promise.all([
    context.raw.checkWritable(),
    context.lake.checkWritable(),
    ...foldersBeside(context.config).map(checkFolderWritable),
  ]);
  try {
    await context.warehouse.checkWritable();
  } catch (error) {
    if (!isDamagedWarehouse(error)) throw error;
    await repairWarehouse(error, context, maxDocumentBytes);
  }
}

/** By warehouse: the repair in progress, or when the last one ended, in epoch milliseconds. */
const repairs = new Map<string, { repairing?: Promise<void>; endedMs: number }>();

/**
 * Sets a damaged warehouse file aside, and makes it again from the lake and the raw documents. Of
 * several runs that find the damage, one does it and the others wait. `sinceMs`: what was repaired
 * after that time was the same damage.
 */
export async function repairWarehouse(
  error: Error,
  context: PipelineContext,
  maxDocumentBytes: number,
  sinceMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  const path = warehouseName(context.config);
  const last = repairs.get(path);
  if (last?.repairing) return last.repairing;
  if (last && last.endedMs > sinceMs) return;
  const repairing = makeAgain(error, context, maxDocumentBytes);
  repairs.set(path, { repairing, endedMs: 0 });
  try {
    await repairing;
    repairs.set(path, { endedMs: context.clock.now() });
  } catch (failure) {
    repairs.delete(path);
    throw failure;
  }
}

async function makeAgain(error: Error, context: PipelineContext, maxDocumentBytes: number): Promise<void> {
  const path = warehouseName(context.config);
  const { backup, fromLake, fromRaw } = await rebuild(context, {
    maxDocumentBytes,
    acceptLoss: false,
    // A file that never contained anything of this program belongs to someone else.
    unlessEmpty: error,
  });
  context.log.warn(
    { path, backup, fromLake, fromRaw },
    `${error.message}; the file was set aside as ${backup} and made again from ${fromLake} loads of the lake and ${fromRaw} raw documents`,
  );
}
