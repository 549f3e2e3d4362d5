import type { RecordBatch } from 'apache-arrow';
import type { FileDigest } from '../files/file-digest.js';
import type { ResolvedColumn } from '../schema/types.js';

/** Writes the batches of one table into one file. */
export interface ParquetWriter {
  /** Writes a batch: the columns in order, then `_row`. */
  write(batch: RecordBatch): Promise<void>;
  /** The digest is taken as the bytes are written. */
  finish(): Promise<{ rows: number } & FileDigest>;
  /** Takes an unfinished file away. */
  abort(): Promise<void>;
}

export interface ParquetWriterOptions {
  /** The file has this name only when it is whole. */
  path: string;
  columns: ResolvedColumn[];
  /** Key-value metadata of the file. */
  metadata: Record<string, string>;
}
