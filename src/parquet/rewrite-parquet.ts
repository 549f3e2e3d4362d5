import { chmod, open, rm } from 'node:fs/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { digestFile, type FileDigest } from '../files/file-digest.js';
import { dropPartial, nameWholeFile, ownerOnly, partialName } from '../files/whole-file.js';
import { columnsOf, guarded } from './parquet-reader.js';
import { quotedPath, quotedText, rowsOfFile } from './quoted-path.js';

/** Rewrites Parquet files with some columns cleared. */
export interface ParquetRewriter {
  /** Returns the names of the columns, and the key-value metadata. Errors: PARQUET_FAILED. */
  read(path: string): Promise<{ columns: string[]; metadata: Record<string, string> }>;
  /**
   * Replaces all values of some columns by NULL, or by '' if the column is not nullable; everything
   * else stays unchanged. Replaces the file when the new one is complete, and returns its digest.
   * Errors: PARQUET_FAILED, DISK_FULL.
   */
  clear(path: string, columns: string[], value: null | ''): Promise<FileDigest>;
  close(): void;
}

/** Number of rows per row group, the same as our writer uses. */
const rowGroupRows = 122_880;

/** Opens a rewriter. It uses DuckDB, which reads and writes all types of our files exactly. */
export async function openParquetRewriter(): Promise<ParquetRewriter> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    temp_directory: '',
    // It keeps up to 50 KB of each file that was read, as long as the memory allows.
    enable_external_file_cache: 'false',
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");

  return {
    read: (path) =>
      guarded(path, async () => ({
        columns: (await columnsOf(connection, path)).map(({ name }) => name),
        metadata: await metadataOf(connection, path),
      })),
    clear: (path, columns, value) =>
      guarded(path, async () => {
        const partial = partialName(path);
        try {
          await writeCleared(connection, { path, partial, columns, value });
          const file = await open(partial, 'r+');
          try {
            await chmod(partial, ownerOnly.file);
            const digest = await digestFile(partial);
            await nameWholeFile(file, partial, path);
            return digest;
          } finally {
            await dropPartial(file, partial);
          }
        } finally {
          await rm(partial, { force: true });
        }
      }),
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function writeCleared(
  connection: DuckDBConnection,
  { path, partial, columns, value }: { path: string; partial: string; columns: string[]; value: null | '' },
): Promise<void> {
  const found = await columnsOf(connection, path);
  const cleared = found
    .filter(({ name }) => columns.includes(name))
    .map(({ name, type }) => `${value === null ? `CAST(NULL AS ${type})` : "''"} AS ${quoted(name)}`);
  const metadata = Object.entries(await metadataOf(connection, path));
  const kept = metadata.map(([key, text]) => `${quotedText(key)}: ${quotedText(text)}`);
  const options = [
    'FORMAT parquet',
    'COMPRESSION snappy',
    `ROW_GROUP_SIZE ${rowGroupRows}`,
    ...(kept.length > 0 ? [`KV_METADATA {${kept}}`] : []),
  ];
  const rows = `SELECT * REPLACE (${cleared}) FROM ${rowsOfFile(path)}`;
  await connection.run(`COPY (${rows}) TO ${quotedText(partial)} (${options})`);
  const count = async (of: string) =>
    Number((await connection.runAndReadAll(`SELECT count(*) FROM ${rowsOfFile(of)}`)).getRows()[0]?.[0]);
  const [before, after] = [await count(path), await count(partial)];
  if (before !== after) throw new Error(`${after} rows were written instead of ${before}`);
}

async function metadataOf(connection: DuckDBConnection, path: string): Promise<Record<string, string>> {
  const reader = await connection.runAndReadAll(
    `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${quotedPath(path)})`,
  );
  return Object.fromEntries(reader.getRows().map(([key, value]) => [String(key), String(value)]));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
