import { randomUUID } from 'node:crypto';
import { systemClock } from '../runtime/clock.js';
import { readBucketUrl } from './bucket-url.js';
import { openBucket, type StoreSettings } from './open-store.js';
import type { Bucket } from './types.js';

/** Where files are put for BigQuery to read: a part of the lake's bucket. */
export interface Staging {
  bucket: Bucket;
  /** The prefix of its objects' names. */
  beginning: string;
}

/** Longer than any work takes. */
const maxWorkMs = 24 * 3_600_000;

/** The staging of a lake that BigQuery can read; undefined for other lakes. */
export function openStaging(config: Omit<StoreSettings, 'state'>): Staging | undefined {
  const url = readBucketUrl(config.lake);
  if (config.warehouse.type !== 'bigquery' || url?.scheme !== 'gs') return undefined;
  return { bucket: openBucket(url, config), beginning: `${url.beginning && `${url.beginning}/`}_staging/` };
}

/**
 * Puts a file into the bucket, does work with its URL, and removes the object. Its name is unique
 * among processes.
 */
export async function withStagedObject<T>(
  { bucket, beginning }: Staging,
  file: string,
  name: string,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const object = `${beginning}${name}-${randomUUID()}`;
  await bucket.put(object, file);
  try {
    return await work(`${bucket.uri}/${object}`);
  } finally {
    // A later start removes it.
    await bucket.remove(object).catch(() => {});
  }
}

/** Removes objects that crashed processes left. */
export async function removeOldStaging(
  { bucket, beginning }: Staging,
  nowMs = systemClock.now(),
): Promise<void> {
  for (const name of await bucket.list(beginning)) {
    const found = await bucket.find(name);
    if (found && nowMs - found.writtenMs > maxWorkMs) await bucket.remove(name);
  }
}
