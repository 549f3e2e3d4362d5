import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';

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
  const size = sizeOf(path);
  if (size === undefined) return 'it does not exist';
  if (bytes !== undefined && size !== bytes) return `it has ${size} bytes, but ${bytes} were written`;
  if (sha256 === undefined) return undefined;
  const found = size <= smallBytes ? digestOf(readFileSync(path)) : await digestFile(path);
  return found.sha256 === sha256 ? undefined : 'its bytes differ from those that were written';
}

/** Reading a file of this size at once is faster than passing it to another thread. */
const smallBytes = 128 * 1024;

function digestOf(bytes: Uint8Array): FileDigest {
  const running = new RunningDigest();
  running.add(bytes);
  return running.digest();
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
