import { relative, resolve, sep } from 'node:path';
import { type FileDigest, findDamage } from '../files/file-digest.js';
import type { Store } from '../store/types.js';
import type { LakeFile, Load } from '../warehouse/types.js';
import { parquetPaths } from '../warehouse/types.js';

/** The name of a lake file in the ledger. */
export function lakeName(lake: Pick<Store, 'folder'>, path: string): string {
  return relative(lake.folder, path).split(sep).join('/');
}

/** The path of a lake file that a ledger names. */
export function lakeFilePath(lake: Pick<Store, 'folder'>, name: string): string {
  return resolve(lake.folder, name);
}

/** The result of a check of the Parquet files of a load. */
export interface LakeFinding {
  /** The name of the first file that is not as it was written, and what is wrong with it. */
  damaged?: { name: string; found: string };
  /** Files of which only the names are known. */
  unchecked: number;
}

/**
 * Compares the Parquet files of a load, whose bytes are on this machine, with the hashes in its
 * record. A crash between a commit and its record leaves files that only the ledger knows, so the
 * hashes in `others` count as well.
 */
export async function checkLakeFiles(load: Load, lake: Store, others: LakeFile[] = []): Promise<LakeFinding> {
  let unchecked = 0;
  for (const path of parquetPaths(load)) {
    const name = lakeName(lake, path);
    const known = [...load.entry.files, ...others].filter((file) => file.path === name);
    const found = await damageOf(path, known);
    if (found !== undefined) return { damaged: { name: lake.nameOf(path), found }, unchecked };
    if (known.length === 0) unchecked += 1;
  }
  return { unchecked };
}

async function damageOf(path: string, known: FileDigest[]): Promise<string | undefined> {
  let found: string | undefined;
  for (const digest of known) {
    found = await findDamage(path, digest);
    if (found === undefined) return undefined;
  }
  return found;
}
