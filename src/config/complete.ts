import { resolve } from 'node:path';
import type { z } from 'zod';
import { withoutUndefined } from '../runtime/without-undefined.js';
import { bucketUrlText, readBucketUrl } from '../store/bucket-url.js';
import type { Config, configSpec } from './spec.js';
import type { WarehouseConfig } from './warehouse-spec.js';

/** The settings as written, with every default filled in. */
export type WrittenConfig = z.output<typeof configSpec>;

/** What was left out of the settings. */
export type Unset = Pick<Config, 'unsetSellers' | 'unsetPipelines'>;

/** Returns the settings with absolute paths, frozen. */
export function complete(
  written: WrittenConfig,
  file: string | null,
  folder: string,
  unset: Unset = { unsetSellers: [], unsetPipelines: [] },
): Config {
  const { aws, api, bucket, ...rest } = written;
  return deepFreeze({
    ...rest,
    ...unset,
    file,
    folder,
    warehouse: warehouseConfig(rest.warehouse, folder),
    lake: storeLocation(rest.lake, folder),
    raw: storeLocation(rest.raw, folder),
    bucket: withoutUndefined({ ...bucket, keyFile: bucket.keyFile && resolve(folder, bucket.keyFile) }),
    state: resolve(folder, rest.state),
    schemas: resolve(folder, rest.schemas),
    costs: withFile(rest.costs, folder),
    rates: withFile(rest.rates, folder),
    aws: withoutUndefined(aws),
    api: withoutUndefined(api),
  });
}

function withFile<T extends { file?: string }>(written: T | undefined, folder: string): T | undefined {
  return written?.file === undefined ? written : { ...written, file: resolve(folder, written.file) };
}

function storeLocation(written: string, folder: string): string {
  const url = readBucketUrl(written);
  return url ? bucketUrlText(url) : resolve(folder, written);
}

function warehouseConfig(written: WrittenConfig['warehouse'], folder: string): WarehouseConfig {
  const {
    type,
    path,
    publish,
    memoryLimitMegabytes,
    url = '',
    readUrl,
    schema,
    project = '',
    dataset = '',
    location,
    keyFile,
    endpoint,
  } = written;
  if (type === 'duckdb') {
    const copy = publish && { ...publish, path: resolve(folder, publish.path) };
    return withoutUndefined({ type, path: resolve(folder, path), publish: copy, memoryLimitMegabytes });
  }
  if (type === 'postgres') return { type, url, readUrl, schema, memoryLimitMegabytes };
  return {
    type,
    project,
    dataset,
    location,
    keyFile: keyFile && resolve(folder, keyFile),
    endpoint,
    memoryLimitMegabytes,
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
