import { join, relative, resolve } from 'node:path';
import { safeName } from '../files/safe-name.js';
import type { Store } from '../store/types.js';
import { type Load, parquetPaths } from '../warehouse/types.js';
import { writeUnsyncedFile, writeWholeFile } from '../files/whole-file.js';

/**
 * Keeps a load beside its Parquet files, in `<lake>/_loads/<seller>/<key>.json`, once it is committed, so that `rebuild` can commit
 * it again without Amazon and without parsing. Paths in the record are relative to the lake. What was skipped is not worth a record.
 */
export async function writeLoadRecord(lake: Store, load: Load): Promise<void> {
  if (load.entry.status === 'skipped') return;
  const path = recordPath(lake.folder, load);
  // A record that a power cut damages is none.
  await writeUnsyncedFile(path, recordText(lake.folder, load));
  await keepRecord(lake, path);
}

/** Writes a record anew that there is no raw document behind any more: it is on disk when this is done. Errors: DISK_FULL. */
export async function replaceLoadRecord(lake: Store, load: Load): Promise<void> {
  const path = recordPath(lake.folder, load);
  await writeWholeFile(path, recordText(lake.folder, load));
  await keepRecord(lake, path);
}

async function keepRecord(lake: Store, path: string): Promise<void> {
  await lake.keep(path);
  await lake.evictLocalCopy(path);
}

/** Records asked for at once: those of a bucket take a while each, and there are many. */
const readsAtOnce = 16;

/** All load records of a lake that can be read. */
export async function readLoadRecords(lake: Store): Promise<Load[]> {
  const paths = (await lake.list('_loads')).filter((each) => each.endsWith('.json'));
  const loads: Load[] = [];
  for (let start = 0; start < paths.length; start += readsAtOnce) {
    const texts = await Promise.all(paths.slice(start, start + readsAtOnce).map((path) => lake.read(path)));
    for (const text of texts) {
      const stored = parsed(text ?? '');
      if (stored) loads.push(mapPaths(stored, (path) => resolve(lake.folder, path)));
    }
  }
  return loads;
}

/** The Parquet files of a load are not worked on any more. */
export async function evictLocalCopies(
  load: Pick<Load, 'tables' | 'rejectsPath'>,
  lake: Store,
): Promise<void> {
  for (const path of parquetPaths(load)) await lake.evictLocalCopy(path);
}

function recordText(lake: string, load: Load): string {
  return `${JSON.stringify(mapPaths(load, (absolute) => relative(lake, absolute)))}\n`;
}

function recordPath(lake: string, load: Load): string {
  return join(lake, '_loads', safeName(load.entry.sellerId ?? '_'), `${safeName(load.entry.key)}.json`);
}

function mapPaths(load: Load, map: (path: string) => string): Load {
  return {
    ...load,
    tables: load.tables.map((table) => ({
      ...table,
      parquetPath: table.parquetPath && map(table.parquetPath),
    })),
    rejectsPath: load.rejectsPath && map(load.rejectsPath),
  };
}

/** A damaged record is none: its document is parsed again from raw. */
function parsed(text: string): Load | undefined {
  try {
    const load = JSON.parse(text) as Partial<Load>;
    return load.entry?.key && Array.isArray(load.tables) ? (load as Load) : undefined;
  } catch {
    return undefined;
  }
}
