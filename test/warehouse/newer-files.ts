import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const folder = new URL('./newer-files/', import.meta.url);

/**
 * Files that DuckDB 2.0 wrote, and 1.5 can't read, by name: one that it made, and one that it
 * upgraded by `ATTACH ... (STORAGE_VERSION 'latest')`.
 */
export function newerFiles(): Map<string, Buffer> {
  return new Map(readdirSync(folder).map((name) => [name, gunzipSync(readFileSync(new URL(name, folder)))]));
}
