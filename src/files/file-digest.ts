import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** What the bytes of a file were when it was written. */
export interface FileDigest {
  bytes: number;
  /** SHA-256 in hexadecimal digits. */
  sha256: string;
}

/** Takes the digest of bytes as they pass, in their order. */
export class RunningDigest {
  bytes = 0;
  private readonly hash = createHash('sha256');

  add(chunk: Uint8Array): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
  }

  /** Of the bytes so far; more may follow. */
  digest(): FileDigest {
    return { bytes: this.bytes, sha256: this.hash.copy().digest('hex') };
  }
}

const readBytes = 1024 * 1024;

/** Reads a file for its digest; for one that is being written, `RunningDigest` spares the reading. */
export async function digestFile(path: string): Promise<FileDigest> {
  return (await readDigest(path)).digest();
}

/** The digest of a file to which more bytes are to come. */
export async function readDigest(path: string): Promise<RunningDigest> {
  const running = new RunningDigest();
  const chunks = createReadStream(path, { highWaterMark: readBytes }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) running.add(chunk);
  return running;
}

/**
 * Compares a file with what is known of it; without a hash its size is compared alone. Returns what is wrong with it in words, undefined if
 * it is as it was written. Errors: those of the file system.
 */
export async function findDamage(
  path: string,
  { bytes, sha256 }: Partial<FileDigest>,
): Promise<string | undefined> {
  const size = await sizeOf(path);
  if (size === undefined) return 'it is not there';
  if (bytes !== undefined && size !== bytes) return `it has ${size} bytes, ${bytes} were written`;
  if (sha256 === undefined) return undefined;
  return (await digestFile(path)).sha256 === sha256 ? undefined : 'its bytes are not those that were written';
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
