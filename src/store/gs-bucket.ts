import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { GetFilesResponse, Bucket as StorageBucket, Storage } from '@google-cloud/storage';
import { ownerOnly } from '../files/whole-file.js';
import { keepGoogleSecrets } from '../runtime/google-secrets.js';
import { bucketError, isMissing } from './bucket-errors.js';
import { sortedNames } from './list-pages.js';
import type { Bucket, FoundFile } from './types.js';

export interface GsOptions {
  bucket: string;
  /** A service account's key. Default: the credentials of the machine's environment. */
  keyFile?: string;
  /** An emulator of Google Cloud Storage. It receives no credentials. */
  endpoint?: string;
  /** How long an answer may take, and the transfer of one chunk. */
  answerTimeoutMs?: number;
}

/**
 * Larger files are sent by a resumable session, in chunks that stay in memory until they have
 * arrived.
 */
const chunkBytes = 8 * 1024 ** 2;

/**
 * A bucket of Google Cloud Storage. The client compares the CRC32C of what it sends and receives
 * with the object's, and retries failures, because writing the same object twice does no harm.
 */
export function openGsBucket({ bucket: id, answerTimeoutMs = 60_000, ...options }: GsOptions): Bucket {
  const uri = `gs://${id}`;
  let opened: Promise<StorageBucket> | undefined;
  const open = () => {
    opened ??= openStorage({ ...options, answerTimeoutMs }).then((storage) => storage.bucket(id));
    return opened;
  };
  /**
   * The client itself waits forever for bytes that do not come, for example after a connection
   * broke.
   */
  const whileMoving = (bytes: number, signal?: AbortSignal) => {
    const timeout = AbortSignal.timeout(answerTimeoutMs * (1 + Math.ceil(bytes / chunkBytes)));
    return { signal: signal ? AbortSignal.any([signal, timeout]) : timeout };
  };

  async function guarded<T>(name: string, work: (bucket: StorageBucket) => Promise<T>): Promise<T> {
    try {
      return await work(await open());
    } catch (error) {
      throw bucketError(error, `${uri}/${name}`);
    }
  }

  async function unlessMissing<T>(name: string, work: (bucket: StorageBucket) => Promise<T>) {
    return guarded(name, (bucket) =>
      work(bucket).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
    );
  }

  async function* pages(beginning: string): AsyncGenerator<string[]> {
    try {
      const bucket = await open();
      let pageToken: string | undefined;
      do {
        const query = { prefix: beginning, autoPaginate: false, pageToken };
        const [files, , answer]: GetFilesResponse = await bucket.getFiles(query);
        yield files.map(({ name }) => name);
        // The client's own next query never ends: it has the token of the page before.
        ({ nextPageToken: pageToken } = answer as { nextPageToken?: string });
      } while (pageToken);
    } catch (error) {
      throw bucketError(error, uri);
    }
  }

  return {
    uri,
    put: (name, file, { replaces, signal } = {}) =>
      guarded(name, async (bucket) => {
        const { size } = await stat(file);
        const isLarge = size >= chunkBytes;
        const target = bucket.file(name).createWriteStream({
          resumable: isLarge,
          validation: 'crc32c',
          chunkSize: isLarge ? chunkBytes : undefined,
          preconditionOpts: replaces ? { ifGenerationMatch: replaces } : undefined,
        });
        await pipeline(createReadStream(file), target, whileMoving(size, signal));
      }),
    get: (name, file, signal) =>
      unlessMissing(name, async (bucket) => {
        const [{ generation = '', size }] = await bucket.file(name).getMetadata();
        const source = bucket.file(name, { generation }).createReadStream({ validation: 'crc32c' });
        const target = createWriteStream(file, { mode: ownerOnly.file });
        await pipeline(source, target, whileMoving(Number(size), signal));
        return { version: String(generation) };
      }),
    read: (name) =>
      unlessMissing(name, async (bucket) => {
        const chunks: Buffer[] = [];
        const source = bucket.file(name).createReadStream({ validation: 'crc32c' });
        const take = async (bytes: AsyncIterable<Buffer>) => {
          for await (const chunk of bytes) chunks.push(chunk);
        };
        await pipeline(source, take, whileMoving(0));
        return Buffer.concat(chunks).toString('utf8');
      }),
    find: (name) =>
      unlessMissing(name, async (bucket): Promise<FoundFile> => {
        const [{ size, updated }] = await bucket.file(name).getMetadata();
        return { bytes: Number(size), writtenMs: Date.parse(updated ?? '') };
      }),
    list: (beginning) => sortedNames(pages(beginning)),
    pages,
    remove: (name) =>
      guarded(name, async (bucket) => {
        await bucket.file(name).delete({ ignoreNotFound: true });
      }),
  };
}

/** Loading the client's code takes a while, and users of folders need not wait for it. */
async function openStorage({
  keyFile,
  endpoint,
  answerTimeoutMs: timeout,
}: Omit<GsOptions, 'bucket'> & { answerTimeoutMs: number }): Promise<Storage> {
  keepGoogleSecrets(keyFile);
  const { Storage: Client, IdempotencyStrategy } = await import('@google-cloud/storage');
  return new Client({
    userAgent: 'sp-reports',
    timeout,
    retryOptions: { idempotencyStrategy: IdempotencyStrategy.RetryAlways },
    keyFilename: keyFile,
    apiEndpoint: endpoint,
  });
}
