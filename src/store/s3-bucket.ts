import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { keepAwsSecrets, silenceAwsNodeWarning } from '../runtime/aws-sdk.js';
import { ownerOnly } from '../files/whole-file.js';
import { bucketError, isMissing } from './bucket-errors.js';
import { sortedNames } from './list-pages.js';
import type { Bucket } from './types.js';

export interface S3Options {
  bucket: string;
  /** Default: the region of the environment or the profile. */
  region?: string;
  /** Another implementation of S3. Default: AWS_ENDPOINT_URL_S3, otherwise AWS. */
  endpoint?: string;
}

/** S3 takes at most 10,000 parts per upload. A file of one part is sent in one request. */
const maxParts = 10_000;
const minPartBytes = 8 * 1024 ** 2;
/** Parts in memory at once. */
const partsAtOnce = 2;
const tries = 5;
const timeouts = { connectionTimeout: 10_000, socketTimeout: 60_000 };

/**
 * A bucket of S3 or a compatible service. The client adds a checksum to each request, which S3
 * compares with the bytes, and retries failures. A large file is sent in parts, which become an
 * object all at once. Parts of a failed upload are removed; those of a killed process are left to a
 * lifecycle rule of the bucket.
 */
export function openS3Bucket({ bucket: Bucket, region, endpoint }: S3Options): Bucket {
  const uri = `s3://${Bucket}`;
  const named = (Key: string) => ({ Bucket, Key });
  const open = onFirstCall(async () => {
    silenceAwsNodeWarning();
    const sdk = await import('@aws-sdk/client-s3');
    const isElsewhere = endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
    const client = new sdk.S3Client({
      maxAttempts: tries,
      requestHandler: timeouts,
      followRegionRedirects: true,
      // Other services know buckets only by path.
      forcePathStyle: Boolean(isElsewhere),
      region,
      endpoint,
    });
    client.middlewareStack.add(
      (next) => async (args) => {
        await keepAwsSecrets(client.config.credentials);
        return next(args);
      },
      { step: 'initialize' },
    );
    return { client, sdk };
  });

  async function guarded<T>(name: string, work: (opened: Awaited<ReturnType<typeof open>>) => Promise<T>) {
    try {
      return await work(await open());
    } catch (error) {
      throw bucketError(error, `${uri}/${name}`);
    }
  }

  async function unlessMissing<T>(name: string, work: Parameters<typeof guarded<T>>[1]) {
    return guarded(name, (opened) =>
      work(opened).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
    );
  }

  async function* pages(beginning: string): AsyncGenerator<string[]> {
    try {
      const { client, sdk } = await open();
      for await (const page of sdk.paginateListObjectsV2({ client }, { Bucket, Prefix: beginning })) {
        yield (page.Contents ?? []).flatMap(({ Key }) => Key ?? []);
      }
    } catch (error) {
      throw bucketError(error, uri);
    }
  }

  return {
    uri,
    put: (name, file, { replaces, signal } = {}) =>
      guarded(name, async ({ client }) => {
        const { size } = await stat(file);
        await upload(client, file, {
          params: { ...named(name), IfMatch: replaces },
          partSize: Math.max(minPartBytes, Math.ceil(size / maxParts)),
          signal,
        });
      }),
    get: (name, file, signal) =>
      unlessMissing(name, async ({ client, sdk }) => {
        const { Body, ETag = '' } = await client.send(new sdk.GetObjectCommand(named(name)), {
          abortSignal: signal,
        });
        const target = createWriteStream(file, { mode: ownerOnly.file });
        await pipeline(Body as Readable, target, signal ? { signal } : {});
        return { version: ETag };
      }),
    read: (name) =>
      unlessMissing(name, async ({ client, sdk }) => {
        const { Body } = await client.send(new sdk.GetObjectCommand(named(name)));
        return Body?.transformToString();
      }),
    find: (name) =>
      unlessMissing(name, async ({ client, sdk }) => {
        const found = await client.send(new sdk.HeadObjectCommand(named(name)));
        return { bytes: found.ContentLength ?? 0, writtenMs: found.LastModified?.getTime() ?? 0 };
      }),
    list: (beginning) => sortedNames(pages(beginning)),
    pages,
    remove: (name) =>
      guarded(name, async ({ client, sdk }) => {
        await client.send(new sdk.DeleteObjectCommand(named(name)));
      }),
  };
}

async function upload(
  client: S3Client,
  file: string,
  options: {
    params: { Bucket: string; Key: string; IfMatch?: string };
    partSize: number;
    signal?: AbortSignal;
  },
): Promise<void> {
  const { Upload } = await import('@aws-sdk/lib-storage');
  const { params, partSize, signal } = options;
  signal?.throwIfAborted();
  const Body = createReadStream(file, { highWaterMark: 1024 ** 2 });
  const sending = new Upload({ client, partSize, queueSize: partsAtOnce, params: { ...params, Body } });
  const abort = () => void sending.abort();
  signal?.addEventListener('abort', abort);
  try {
    await sending.done();
  } finally {
    signal?.removeEventListener('abort', abort);
    Body.destroy();
  }
}

/** Runs work once, for the first caller. */
function onFirstCall<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
