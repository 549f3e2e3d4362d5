import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { knownError, ReportsError } from '../errors/reports-error.js';
import { makeFolder, ownerOnly, partialName } from '../files/whole-file.js';
import { type BucketUrl, bucketUrlText } from './bucket-url.js';
import type { Bucket, Store } from './types.js';

/**
 * A bucket whose objects are named as the files of a folder would be. Files are made and read in a folder of this process alone, the copy
 * of what is in the bucket; what is kept in the bucket may be let go of there.
 */
export function openBucketStore({
  bucket,
  url,
  folder,
  unfinished,
}: {
  bucket: Bucket;
  url: BucketUrl;
  folder: string;
  unfinished: string;
}): Store {
  const beginning = url.beginning && `${url.beginning}/`;
  const place = bucketUrlText(url);
  const nameOf = (path: string) => `${beginning}${relative(folder, path).split(sep).join('/')}`;
  const pathOf = (name: string) => join(folder, name.slice(beginning.length));

  return {
    place,
    folder,
    unfinished,
    nameOf: (path) => `${bucket.place}/${nameOf(path)}`,
    async keep(path, { from = path, ...options } = {}) {
      await trying(options.signal, () => bucket.put(nameOf(path), from, options));
    },
    async fetch(path, signal) {
      if (existsSync(path)) return { version: '' };
      const partial = partialName(path);
      try {
        await makeFolder(dirname(path));
        const found = await trying(signal, () => bucket.get(nameOf(path), partial, signal));
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
    async list(below = '') {
      const names = await bucket.list(`${beginning}${below && `${below}/`}`);
      return names.filter(isPath).map(pathOf).sort();
    },
    async remove(path) {
      await bucket.remove(nameOf(path));
      await rm(path, { force: true });
    },
    // A copy that can't be removed now goes with the folder of this process.
    letGo: (path) => rm(path, { force: true }).catch(() => {}),
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

/** Whether a name in a bucket could be a file's: others, which anybody may have put there, might lead out of the folder. */
function isPath(name: string): boolean {
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

const pausesMs = [500, 2000];

/** Clients try requests again, but not all of those whose bytes broke off midway. */
async function trying<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      const isPassing = error instanceof ReportsError && error.code === 'BUCKET_UNREACHABLE';
      const pauseMs = pausesMs[tries];
      if (!isPassing || pauseMs === undefined) throw error;
      await delay(pauseMs);
    }
  }
}
