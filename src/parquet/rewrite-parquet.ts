import { chmod, open, rm } from 'node:fs/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { digestFile, type FileDigest } from '../files/file-digest.js';
import { dropPartial, nameWholeFile, ownerOnly, partialName } from '../files/whole-file.js';
import { columnsOf, guarded } from './parquet-reader.js';
import { quotedPath, quotedText, rowsOfFile } from './quoted-path.js';

/** Reads Parquet files and writes them anew, with other values in some columns. */
export interface ParquetRewriter {
  /** Names of the columns, and the key-value metadata. Errors: PARQUET_FAILED. */
  read(path: string): Promise<{ columns: string[]; metadata: Record<string, string> }>;
  /**
   * Puts NULL, or '' where it may not be NULL, in the place of all values of some columns; everything else stays as it is. The file is replaced
   * when the new one is whole; its digest is returned. Errors: PARQUET_FAILED, DISK_FULL,
   * FILE_SYSTEM_FAILED.
   */
  clear(path: string, columns: string[], value: null | ''): Promise<FileDigest>;
  close(): void;
}

/** Rows of a row group, as our writer makes them. */
const rowGroupRows = 122_880;

/** Opens a rewriter on DuckDB, which reads and writes every type of our files exactly. */
export async function openParquetRewriter(): Promise<ParquetRewriter> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', temp_directory: '' });
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
  if (before !== after) throw new Error(`${after} rows were written in place of ${before}`);
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
