import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { safeName } from '../safe-name.js';
import type { Load } from '../warehouse/types.js';
import { writeUnsyncedFile, writeWholeFile } from '../whole-file.js';

/**
 * Keeps a load beside its Parquet files, in `<lake>/_loads/<seller>/<key>.json`, once it is committed, so that `rebuild` can commit
 * it again without Amazon and without parsing. Paths in the record are relative to the lake. What was skipped is not worth a record.
 */
export async function writeLoadRecord(lake: string, load: Load): Promise<void> {
  if (load.entry.status === 'skipped') return;
  // A record that a power cut damages is none.
  await writeUnsyncedFile(recordPath(lake, load), recordText(lake, load));
}

/** Writes a record anew that there is no raw document behind any more: it is on disk when this is done. Errors: DISK_FULL. */
export async function replaceLoadRecord(lake: string, load: Load): Promise<void> {
  await writeWholeFile(recordPath(lake, load), recordText(lake, load));
}

/** All load records of a lake that can be read. */
export async function readLoadRecords(lake: string): Promise<Load[]> {
  const folder = join(lake, '_loads');
  const names = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const loads: Load[] = [];
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const stored = parsed(await readFile(join(folder, name), 'utf8'));
    if (stored) loads.push(mapPaths(stored, (path) => resolve(lake, path)));
  }
  return loads;
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
