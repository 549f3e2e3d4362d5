import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { safeName } from '../files/safe-name.js';
import type { Store } from '../store/types.js';
import { type LakeFile, type LedgerEntry, type Load, ledgerKey, parquetPaths } from '../warehouse/types.js';
import { ledgerEntry } from '../warehouse/ledger/ledger-entry.js';
import { checkedJson, readCheckedJson } from '../files/checked-json.js';
import { writeUnsyncedFile, writeWholeFile } from '../files/whole-file.js';

/**
 * Stores a load beside its Parquet files, in `<lake>/_loads/<seller>/<key>.json`, after it is
 * committed, so that `rebuild` can commit it again without Amazon and without parsing. Paths in the
 * record are relative to the lake. Skipped reports need no record.
 */
export async function writeLoadRecord(lake: Store, load: Load): Promise<void> {
  if (load.entry.status === 'skipped') return;
  const path = recordPath(lake.folder, load.entry);
  // A record that a power cut damages counts as missing.
  await writeUnsyncedFile(path, recordText(lake.folder, load));
  await keepRecord(lake, path);
}

/**
 * Writes a record again whose raw document no longer exists. It is on disk when this resolves.
 * Errors: DISK_FULL.
 */
export async function replaceLoadRecord(lake: Store, load: Load): Promise<void> {
  const path = recordPath(lake.folder, load.entry);
  await writeWholeFile(path, recordText(lake.folder, load));
  await keepRecord(lake, path);
}

async function keepRecord(lake: Store, path: string): Promise<void> {
  await lake.keep(path);
  await lake.evictLocalCopy(path);
}

/** Records looked up at once: those of a bucket take a while each, and there are many. */
const readsAtOnce = 16;

/** The load record of a ledger row; undefined if it is missing or damaged. */
export async function readLoadRecord(
  lake: Store,
  entry: Pick<LedgerEntry, 'sellerId' | 'key'>,
): Promise<Load | undefined> {
  return readRecordOf(lake, recordPath(lake.folder, entry));
}

/** The load record of a path; undefined if it is missing or damaged. */
export async function readRecordOf(lake: Store, path: string): Promise<Load | undefined> {
  const stored = parsed((await lake.read(path)) ?? '');
  return stored && mapPaths(stored, (name) => resolve(lake.folder, name));
}

/** The folder of the lake with the load records. */
export const recordsFolder = '_loads';

/** The paths of load records among those of a lake. */
export function recordPathsOf(paths: string[], lake: Store): string[] {
  const folder = join(lake.folder, recordsFolder, sep);
  return paths.filter((path) => path.startsWith(folder) && path.endsWith('.json'));
}

/** The readable ones of the load records with these paths, some at a time. */
export async function* readRecords(
  lake: Store,
  paths: string[],
): AsyncGenerator<{ path: string; load: Load }[]> {
  for (let start = 0; start < paths.length; start += readsAtOnce) {
    const some = paths.slice(start, start + readsAtOnce);
    const loads = await Promise.all(some.map((path) => readRecordOf(lake, path)));
    yield some.flatMap((path, index) => {
      const load = loads[index];
      return load ? [{ path, load }] : [];
    });
  }
}

/**
 * Returns what the load record of a Parquet file says about the file, by the path of the file;
 * undefined if it is in no lake, and for ids that are too long to be in its name. `read` returns
 * the text of the file at a path, if it exists.
 */
export async function recordedFile(
  path: string,
  read: (path: string) => Promise<string | undefined>,
): Promise<LakeFile | undefined> {
  const folder = dirname(path);
  const [seller, table] = [basename(folder), basename(dirname(folder))];
  const id = readNames(seller, basename(path));
  if (!id) return undefined;
  const record = recordPath(dirname(dirname(folder)), { sellerId: id.sellerId, key: ledgerKey(id) });
  const files = parsed((await read(record)) ?? '')?.entry.files;
  return files?.find((file) => file.path === `${table}/${seller}/${basename(path)}`);
}

/** The ids in the names of a Parquet file and its folder; undefined for other names. */
export function readNames(
  folder: string,
  file: string,
): { sellerId: string; documentId: string } | undefined {
  const names = /^seller=(.+)\n(.+)\.parquet$/.exec(`${folder}\n${file}`);
  try {
    const [, seller = '', document = ''] = names ?? [];
    return names
      ? { sellerId: decodeURIComponent(seller), documentId: decodeURIComponent(document) }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The Parquet files of a load are no longer needed on this machine. */
export async function evictLocalCopies(
  load: Pick<Load, 'tables' | 'rejectsPath'>,
  lake: Store,
): Promise<void> {
  for (const path of parquetPaths(load)) await lake.evictLocalCopy(path);
}

function recordText(lake: string, load: Load): string {
  return checkedJson(mapPaths(load, (absolute) => relative(lake, absolute)));
}

/** Where the load record of a ledger row is. */
export function recordPath(lake: string, { sellerId, key }: Pick<LedgerEntry, 'sellerId' | 'key'>): string {
  return join(lake, recordsFolder, safeName(sellerId ?? '_'), `${safeName(key)}.json`);
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

/** A damaged record counts as missing: its document is parsed again from raw. */
function parsed(text: string): Load | undefined {
  try {
    const load = readCheckedJson(text) as Partial<Load>;
    if (!load.entry?.key || !Array.isArray(load.tables)) return undefined;
    // An earlier version recorded fewer properties.
    return { ...(load as Load), entry: ledgerEntry(load.entry) };
  } catch {
    return undefined;
  }
}
