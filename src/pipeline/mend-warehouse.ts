import { warehouseName } from '../config/read.js';
import { ReportsError } from '../errors.js';
import { checkFolderWritable } from '../files/whole-file.js';
import { foldersBeside } from '../store/open-store.js';
import type { PipelineContext } from './context.js';
import { rebuild } from './rebuild.js';

/**
 * Sees that the warehouse, the lake, the raw documents and the state can be written. A file that opens no more, cut off or damaged, is set aside
 * and made again. Errors: DISK_FULL; FILE_SYSTEM_FAILED; those of buckets; WAREHOUSE_LOCKED; WAREHOUSE_UNREADABLE where there is nothing to make it from; REBUILD_INCOMPLETE.
 */
export async function checkOrMend(context: PipelineContext, maxDocumentBytes: number): Promise<void> {
  await Promise.all([
    context.raw.checkWritable(),
    context.lake.checkWritable(),
    ...foldersBeside(context.config).map(checkFolderWritable),
  ]);
  try {
    await context.warehouse.checkWritable();
  } catch (error) {
    if (!isDamaged(error)) throw error;
    await mend(error, context, maxDocumentBytes);
  }
}

/** Sets a damaged warehouse file aside, and makes it again from the lake and the raw documents. */
export async function mend(error: Error, context: PipelineContext, maxDocumentBytes: number): Promise<void> {
  const path = warehouseName(context.config);
  const { backup, fromLake, fromRaw } = await rebuild(context, {
    maxDocumentBytes,
    acceptLoss: false,
    // A file that nothing of ours was ever in is somebody else's.
    unlessEmpty: error,
  });
  context.log.warn(
    { path, backup, fromLake, fromRaw },
    `${error.message}; it was set aside as ${backup}, and made again with ${fromLake} loads of the lake and ${fromRaw} raw documents`,
  );
}

/** Whether an error says that the warehouse file is damaged. */
export function isDamaged(error: unknown): error is ReportsError {
  return error instanceof ReportsError && error.code === 'WAREHOUSE_UNREADABLE';
}
