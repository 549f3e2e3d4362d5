/**
 * Keeps whole files by name, in a folder or a bucket. The lake is one store, the raw documents are
 * another.
 */
export interface Store {
  /** The folder, or `gs://bucket/prefix`, for messages. */
  readonly location: string;
  /** Where files are worked on, laid out like the store. The same folder, if the store is one. */
  readonly folder: string;
  /** The folder of unfinished files, which a later process may continue. */
  readonly unfinished: string;
  /** The name, for messages, of the file with this path in `folder`. */
  nameOf(path: string): string;
  /**
   * Keeps the whole file of this path, or the file at `from` under its name: all of it or nothing,
   * and durably once this resolves. `replaces` is the version that it may replace.
   * Errors: BUCKET_CHANGED if the version is another one by now; those of buckets.
   */
  keep(path: string, options?: KeepOptions): Promise<void>;
  /**
   * Ensures that the bytes of a file are at its path, until they are evicted. Returns their
   * version; undefined if there is no such file.
   */
  fetch(path: string, signal?: AbortSignal): Promise<{ version: string } | undefined>;
  /** Reads a small file; undefined if it does not exist. */
  read(path: string): Promise<string | undefined>;
  find(path: string): Promise<FoundFile | undefined>;
  /** The paths of all files below one of its folders, sorted. */
  list(below?: string): Promise<string[]>;
  /** The same in pages, in no order: there may be more than the memory holds. */
  pages(below?: string): AsyncIterable<string[]>;
  /** Removes a file, durably once this resolves. Does nothing if it does not exist. */
  remove(path: string): Promise<void>;
  /** Removes the local copy of a file in a bucket, when nobody works on it any more. */
  evictLocalCopy(path: string): Promise<void>;
  /**
   * Writes a small file and removes it again. Errors: DISK_FULL, FILE_SYSTEM_FAILED, those of
   * buckets.
   */
  checkWritable(): Promise<void>;
}

export interface KeepOptions {
  from?: string;
  replaces?: string;
  signal?: AbortSignal;
}

export interface FoundFile {
  bytes: number;
  writtenMs: number;
}

/**
 * The objects of a bucket by name. An object exists whole or not at all. Errors: those of
 * `bucketError`.
 */
export interface Bucket {
  /** `gs://name` or `s3://name`. */
  readonly uri: string;
  /** Sends a file, verified by a checksum. `replaces`: only in place of that version. */
  put(name: string, file: string, options?: { replaces?: string; signal?: AbortSignal }): Promise<void>;
  /**
   * Writes an object to a file that must not exist yet. Returns its version; undefined if there is
   * no such object.
   */
  get(name: string, file: string, signal?: AbortSignal): Promise<{ version: string } | undefined>;
  read(name: string): Promise<string | undefined>;
  find(name: string): Promise<FoundFile | undefined>;
  /** The names with this prefix, sorted. */
  list(beginning: string): Promise<string[]>;
  /** The same in pages, in no order. */
  pages(beginning: string): AsyncIterable<string[]>;
  remove(name: string): Promise<void>;
}
