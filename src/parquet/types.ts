import type { RecordBatch } from 'apache-arrow';
import type { FileDigest } from '../files/file-digest.js';
import type { ResolvedColumn } from '../schema/types.js';

/** Writes the batches of one table into one file. */
export interface ParquetWriter {
  /** Writes a batch: the columns in order, then `_row`. */
  write(batch: RecordBatch): Promise<void>;
  /** Completes the file and returns its digest, which was computed while the bytes were written. */
  finish(): Promise<{ rows: number } & FileDigest>;
  /** Removes the unfinished file. */
  abort(): Promise<void>;
}

export interface ParquetWriterOptions {
  /** The path of the file; it has this name only when it is complete. */
  path: string;
  columns: ResolvedColumn[];
  /** Key-value metadata of the file. */
  metadata: Record<string, string>;
}
