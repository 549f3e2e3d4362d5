import { dirname, join } from 'node:path';
import type { Config } from '../config/spec.js';
import { openBucketStore } from './bucket-store.js';
import { type BucketUrl, readBucketUrl } from './bucket-url.js';
import { openFolderStore } from './folder-store.js';
import { openGsBucket } from './gs-bucket.js';
import { openS3Bucket } from './s3-bucket.js';
import { openScratch } from './scratch.js';
import type { Bucket, Store } from './types.js';

/** The lake and the raw documents, wherever the settings say that they are. */
export interface Stores {
  lake: Store;
  raw: Store;
  /** Takes the copies on this machine away. */
  close(): Promise<void>;
}

export type StoreConfig = Pick<Config, 'lake' | 'raw' | 'state' | 'bucket' | 'aws' | 'warehouse'>;

/** The folders that the program writes besides those of lake and raw documents. */
export function foldersBeside({ state, warehouse }: Pick<Config, 'state' | 'warehouse'>): string[] {
  return [state, ...(warehouse.type === 'duckdb' ? [dirname(warehouse.path)] : [])];
}

/** Opens both. What is of a bucket is worked on below the folder `state`. */
export async function openStores(config: StoreConfig): Promise<Stores> {
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
export function openBucket({ scheme, bucket }: BucketUrl, config: Omit<StoreConfig, 'state'>): Bucket {
  const { endpoint, region = config.aws.region, keyFile } = config.bucket;
  if (scheme === 's3')
    return openS3Bucket({ bucket, ...(endpoint && { endpoint }), ...(region && { region }) });
  const { warehouse } = config;
  const key = keyFile ?? (warehouse.type === 'bigquery' ? warehouse.keyFile : undefined);
  return openGsBucket({ bucket, ...(endpoint && { endpoint }), ...(key && { keyFile: key }) });
}
