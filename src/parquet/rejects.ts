import type { FileDigest } from '../files/file-digest.js';
import type { Reject } from '../parse/types.js';
import { openParquetFile, type ParquetFile } from './parquet-file.js';

export interface RejectsWriter {
  add(table: string, rejects: Reject[]): Promise<void>;
  /** Returns the digest; undefined if there is no file. */
  finish(): Promise<{ count: number; digest?: FileDigest }>;
  abort(): Promise<void>;
}

/**
 * Opens a writer of rejects as Parquet: table_name, row_number, column_name, raw, reason. Without
 * rejects there is no file.
 */
export function openRejectsWriter(path: string): RejectsWriter {
  let file: ParquetFile | undefined;
  let count = 0;
  return {
    async add(table, rejects) {
      for (const { row, column, raw, reason } of rejects) {
        file ??= await openParquetFile({
          path,
          fields: {
            table_name: { type: 'UTF8' },
            row_number: { type: 'INT64' },
            column_name: { type: 'UTF8', optional: true },
            raw: { type: 'UTF8' },
            reason: { type: 'UTF8' },
          },
        });
        await file.append({ table_name: table, row_number: BigInt(row), column_name: column, raw, reason });
        count += 1;
      }
    },
    async finish() {
      const digest = await file?.finish();
      return { count, digest };
    },
    async abort() {
      await file?.abort();
    },
  };
}
