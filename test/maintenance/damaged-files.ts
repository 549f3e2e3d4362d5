import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** Changes the bytes of a file; undefined removes it. */
export type Damage = { what: string; code?: string; damage(bytes: Buffer): Buffer | undefined };

export const flipBit = (bytes: Buffer, at: number) => {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};

/**
 * Applies a damage to the one file below a folder whose path ends with this text. Returns its path.
 */
export function damageFile(
  folder: string,
  ending: string | RegExp,
  { damage }: Pick<Damage, 'damage'>,
): string {
  const matches = (path: string) => (typeof ending === 'string' ? path.endsWith(ending) : ending.test(path));
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(matches);
  const [path = ''] = paths;
  assert.equal(paths.length, 1, `${ending} in ${folder}: ${paths}`);
  const bytes = damage(readFileSync(path));
  if (bytes) writeFileSync(path, bytes);
  else rmSync(path);
  return path;
}

/** Removes the hash that metadata and load records have of their own content, to change them. */
export function withoutOwnHash(json: string): string {
  return json.replace(/,\s*"contentSha256":\s*"[0-9a-f]{64}"/, '');
}

/** Turns a warehouse and its files into those of a version that stored no hashes. */
export async function withoutHashes(path: (...names: string[]) => string): Promise<void> {
  const instance = await DuckDBInstance.create(path('warehouse.duckdb'));
  const connection = await instance.connect();
  for (const column of ['files', 'raw_sha256'])
    await connection.run(`ALTER TABLE _loads DROP COLUMN ${column}`);
  connection.closeSync();
  instance.closeSync();
  for (const folder of [path('raw'), path('lake', '_loads')]) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.json')) continue;
      const text = withoutOwnHash(readFileSync(join(folder, name), 'utf8'));
      const { bytes: _, sha256: __, entry, ...rest } = JSON.parse(text);
      const { files: ___, rawSha256: ____, ...older } = entry ?? {};
      writeFileSync(join(folder, name), JSON.stringify({ ...rest, entry: entry ? older : undefined }));
    }
  }
}

/** How bytes on a disk go wrong. */
export const damages: Damage[] = [
  { what: 'it is truncated to nothing', damage: () => Buffer.alloc(0) },
  { what: 'it is truncated by half', damage: (bytes) => bytes.subarray(0, bytes.length / 2) },
  { what: 'one bit is flipped', damage: (bytes) => flipBit(bytes, Math.floor(bytes.length * 0.6)) },
  { what: 'all its bytes are zeros', damage: (bytes) => Buffer.alloc(bytes.length) },
  { what: 'bytes follow its end', damage: (bytes) => Buffer.concat([bytes, Buffer.from('x\n')]) },
];
