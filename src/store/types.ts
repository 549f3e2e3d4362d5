/** Where whole files are kept by name: a folder, or a bucket. The lake is one, and the raw documents are another. */
export interface Store {
  /** How messages name it: the folder, or `gs://bucket/beginning of its names`. */
  readonly place: string;
  /** Where files are worked on, laid out as the store is. Where the store is a folder that is the same one. */
  readonly folder: string;
  /** The folder of what is not whole yet, and what a later process may go on with. */
  readonly unfinished: string;
  /** How messages name the file that has this path in `folder`. */
  nameOf(path: string): string;
  /**
   * Keeps the whole file of this path, or what is at `from` under its name; it is there whole or not at all, and for good when this is done.
   * `replaces` is the version that it may take the place of. Errors: BUCKET_CHANGED where it is another by now; those of buckets.
   */
  keep(path: string, options?: KeepOptions): Promise<void>;
  /** Sees that the bytes of a file are at its path, to be let go of later. Gives their version; undefined where there is no such file. */
  fetch(path: string, signal?: AbortSignal): Promise<{ version: string } | undefined>;
  /** What is in a small file; undefined where there is none. */
  read(path: string): Promise<string | undefined>;
  find(path: string): Promise<FoundFile | undefined>;
  /** The paths of all files below a folder of it, in order. */
  list(below?: string): Promise<string[]>;
  /** Takes a file away. One that is not there is gone already. */
  remove(path: string): Promise<void>;
  /** The file is not worked on any more: a bucket's copy on this machine goes. */
  letGo(path: string): Promise<void>;
  /** Writes a small file and takes it away again. Errors: those of buckets. */
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

/** The objects of a bucket by their names. An object is there whole or not at all. Errors: those of `bucketError`. */
export interface Bucket {
  /** `gs://name` or `s3://name`. */
  readonly place: string;
  /** Sends a file, its bytes proven by a checksum. `replaces`: only in the place of that version. */
  put(name: string, file: string, options?: { replaces?: string; signal?: AbortSignal }): Promise<void>;
  /** Writes an object into a file that is not there yet. Gives its version; undefined where there is no such object. */
  get(name: string, file: string, signal?: AbortSignal): Promise<{ version: string } | undefined>;
  read(name: string): Promise<string | undefined>;
  find(name: string): Promise<FoundFile | undefined>;
  /** Names that begin so, in order. */
  list(beginning: string): Promise<string[]>;
  remove(name: string): Promise<void>;
}
