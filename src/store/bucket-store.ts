import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { knownError, ReportsError } from '../errors/reports-error.js';
import { makeFolder, ownerOnly, partialName } from '../files/whole-file.js';
import type { Clock } from '../runtime/clock.js';
import { exponentialBackoff, retry } from '../runtime/retry.js';
import { type BucketUrl, bucketUrlText } from './bucket-url.js';
import { sortedNames } from './list-pages.js';
import type { Bucket, Store } from './types.js';

/**
 * A store in a bucket, whose objects are named as the files of a folder would be. Files are written
 * and read in a folder of this process alone, a local copy of the bucket; a copy whose file is kept
 * in the bucket may be evicted.
 */
export function openBucketStore({
  bucket,
  url,
  folder,
  unfinished,
  clock,
}: {
  bucket: Bucket;
  url: BucketUrl;
  folder: string;
  unfinished: string;
  clock?: Clock;
}): Store {
  const beginning = url.beginning && `${url.beginning}/`;
  const location = bucketUrlText(url);
  const nameOf = (path: string) => `${beginning}${relative(folder, path).split(sep).join('/')}`;
  const pathOf = (name: string) => join(folder, name.slice(beginning.length));
  async function* pages(below = ''): AsyncGenerator<string[]> {
    for await (const names of bucket.pages(`${beginning}${below && `${below}/`}`)) {
      yield names.filter(isPath).map(pathOf);
    }
  }

  return {
    location,
    folder,
    unfinished,
    nameOf: (path) => `${bucket.uri}/${nameOf(path)}`,
    async keep(path, { from = path, ...options } = {}) {
      await withRetry(clock, options.signal, () => bucket.put(nameOf(path), from, options));
    },
    async fetch(path, signal) {
      if (existsSync(path)) return { version: '' };
      const partial = partialName(path);
      try {
        await makeFolder(dirname(path));
        const found = await withRetry(clock, signal, () => bucket.get(nameOf(path), partial, signal));
        if (found) await rename(partial, path);
        return found;
      } catch (error) {
        throw knownError(error, path);
      } finally {
        await rm(partial, { force: true }).catch(() => {});
      }
    },
    read: (path) => bucket.read(nameOf(path)),
    find: (path) => bucket.find(nameOf(path)),
    list: (below) => sortedNames(pages(below)),
    pages,
    async remove(path) {
      await bucket.remove(nameOf(path));
      await rm(path, { force: true });
    },
    // A copy that can't be removed now goes with the folder of this process.
    evictLocalCopy: (path) => rm(path, { force: true }).catch(() => {}),
    async checkWritable() {
      const path = join(folder, `_doctor-${randomBytes(4).toString('hex')}`);
      try {
        await makeFolder(folder);
        await writeFile(path, 'doctor', { mode: ownerOnly.file });
        await bucket.put(nameOf(path), path);
        await bucket.list(nameOf(path));
        await bucket.read(nameOf(path));
        await bucket.remove(nameOf(path));
      } catch (error) {
        throw knownError(error, folder);
      } finally {
        await rm(path, { force: true }).catch(() => {});
      }
    },
  };
}

/**
 * Whether a name in a bucket could be a file's. Anybody may put other names there, and they might
 * lead out of the folder.
 */
function isPath(name: string): boolean {
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

const backoffMs = exponentialBackoff({ firstMs: 500, factor: 4 });

/** The clients retry requests, but not all transfers that broke off midway. */
function withRetry<T>(
  clock: Clock | undefined,
  signal: AbortSignal | undefined,
  transfer: () => Promise<T>,
): Promise<T> {
  return retry(transfer, {
    maxAttempts: 3,
    backoffMs,
    isRetryable: (error) => error instanceof ReportsError && error.code === 'BUCKET_UNREACHABLE',
    signal,
    clock,
  });
}
