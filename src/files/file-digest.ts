import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** The size and hash of a file when it was written. */
export interface FileDigest {
  bytes: number;
  /** SHA-256 in hexadecimal digits. */
  sha256: string;
}

/** Computes a digest incrementally; bytes must be added in order. */
export class RunningDigest {
  bytes = 0;
  private readonly hash = createHash('sha256');

  add(chunk: Uint8Array): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
  }

  /** Returns the digest of the bytes so far; more may follow. */
  digest(): FileDigest {
    return { bytes: this.bytes, sha256: this.hash.copy().digest('hex') };
  }
}

const readBytes = 1024 * 1024;

/** Reads a file and returns its digest. While writing a file, `RunningDigest` avoids this read. */
export async function digestFile(path: string): Promise<FileDigest> {
  return (await readDigest(path)).digest();
}

/** Reads a file and returns a digest that more bytes can be added to. */
export async function readDigest(path: string): Promise<RunningDigest> {
  const running = new RunningDigest();
  const chunks = createReadStream(path, { highWaterMark: readBytes }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) running.add(chunk);
  return running;
}

/**
 * Compares a file with its recorded digest; without a hash, only the size is compared. Returns what
 * is wrong in words, undefined if the file is unchanged. Errors: those of the file system.
 */
export async function findDamage(
  path: string,
  { bytes, sha256 }: Partial<FileDigest>,
): Promise<string | undefined> {
  const size = await sizeOf(path);
  if (size === undefined) return 'it does not exist';
  if (bytes !== undefined && size !== bytes) return `it has ${size} bytes, but ${bytes} were written`;
  if (sha256 === undefined) return undefined;
  return (await digestFile(path)).sha256 === sha256
    ? undefined
    : 'its bytes differ from those that were written';
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
