import { dirname, join } from 'node:path';
import { openBucketStore } from './bucket-store.js';
import { type BucketUrl, readBucketUrl } from './bucket-url.js';
import { openFolderStore } from './folder-store.js';
import { openGsBucket } from './gs-bucket.js';
import { openS3Bucket } from './s3-bucket.js';
import { openScratch } from './scratch.js';
import type { Bucket, Store } from './types.js';

/** The lake and the raw documents, wherever the settings keep them. */
export interface Stores {
  lake: Store;
  raw: Store;
  /** Removes the local copies. */
  close(): Promise<void>;
}

/** The settings that a store needs. */
export interface StoreSettings {
  /** A folder, or the URL of a bucket and the beginning of the names in it. */
  lake: string;
  raw: string;
  /** The folder that holds the local copies of what is in a bucket. */
  state: string;
  bucket: { endpoint?: string; region?: string; keyFile?: string };
  aws: { region?: string };
  /** BigQuery's key opens its project's buckets too, if the bucket has none of its own. */
  warehouse: { type: string; keyFile?: string; path?: string };
}

/** The folders that the program writes besides those of lake and raw documents. */
export function foldersBeside({ state, warehouse }: Pick<StoreSettings, 'state' | 'warehouse'>): string[] {
  return [state, ...(warehouse.path === undefined ? [] : [dirname(warehouse.path)])];
}

/** All folders of this machine that the program writes; a bucket is none. */
export function localFolders(config: Pick<StoreSettings, 'lake' | 'raw' | 'state' | 'warehouse'>): string[] {
  return [
    ...[config.raw, config.lake].filter((location) => !readBucketUrl(location)),
    ...foldersBeside(config),
  ];
}

/** Opens both. Local copies of buckets are below the folder `state`. */
export async function openStores(config: StoreSettings): Promise<Stores> {
  const urls = { lake: readBucketUrl(config.lake), raw: readBucketUrl(config.raw) };
  const scratch = urls.lake || urls.raw ? await openScratch(join(config.state, 'scratch')) : undefined;
  const open = (name: 'lake' | 'raw'): Store => {
    const url = urls[name];
    if (!url || !scratch) return openFolderStore(config[name]);
    return openBucketStore({
      bucket: openBucket(url, config),
      url,
      folder: join(scratch.folder, name),
      unfinished: join(config.state, 'unfinished', name),
    });
  };
  return { lake: open('lake'), raw: open('raw'), close: async () => scratch?.close() };
}

/** Opens a bucket; its client is loaded by the first call. */
export function openBucket({ scheme, bucket }: BucketUrl, config: Omit<StoreSettings, 'state'>): Bucket {
  const { endpoint, region = config.aws.region, keyFile } = config.bucket;
  if (scheme === 's3') return openS3Bucket({ bucket, endpoint, region });
  const { warehouse } = config;
  const key = keyFile ?? (warehouse.type === 'bigquery' ? warehouse.keyFile : undefined);
  return openGsBucket({ bucket, endpoint, keyFile: key });
}
