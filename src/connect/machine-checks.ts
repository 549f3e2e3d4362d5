import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { warehouseName } from '../config/read.js';
import { publishConfig } from '../config/warehouse-spec.js';
import type { Config } from '../config/spec.js';
import { callJson } from '../source/selling-partner/http.js';
import { readBucketUrl } from '../store/bucket-url.js';
import { localFolders, openStores } from '../store/open-store.js';
import { ReportsError } from '../errors/reports-error.js';
import { checkFolderWritable } from '../files/whole-file.js';
import type { Warehouse } from '../warehouse/types.js';
import type { CheckResult, Check } from './examine.js';

/** With less free space, a large report with its Parquet and its table may not fit. */
const minFreeBytes = 1024 ** 3;

/**
 * Presigned URLs are valid for five minutes, and AWS accepts signatures up to that age; the
 * lifetime of a token is counted by our clock.
 */
const maxClockSkewSeconds = 60;

/** Checks that the folders the program writes to are writable and have free space. */
export function diskChecks(config: Config): Check[] {
  return localFolders(config).map((folder) => ({
    name: 'disk',
    about: folder,
    look: () => lookAtFolder(folder),
  }));
}

const makeRoom =
  'Make room on the disk, or name a folder on another one in pipelines.yaml; 1 GB is the least.';

async function lookAtFolder(folder: string): Promise<CheckResult & { freeBytes?: number }> {
  try {
    await checkFolderWritable(folder);
  } catch (error) {
    if (!(error instanceof ReportsError)) throw error;
    const found = `not writable (${error.details.code ?? error.details.found})`;
    if (error.code === 'DISK_FULL') return { found, next: makeRoom };
    return {
      found,
      next: 'Mount it writable, or give the user that the program runs as the right to write there, or name another folder in pipelines.yaml.',
    };
  }
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const found = `writable, ${(freeBytes / 1e9).toFixed(1)} GB free`;
  return freeBytes >= minFreeBytes ? { found, freeBytes } : { found, next: makeRoom };
}

/** Checks that the buckets the program writes to can be listed, read, written and cleared. */
export function bucketChecks(config: Config): Check[] {
  return (['raw', 'lake'] as const)
    .filter((name) => readBucketUrl(config[name]))
    .map((name) => ({
      name: 'bucket',
      about: config[name],
      needs: [`disk ${config.state}`],
      async look() {
        const stores = await openStores(config);
        try {
          await stores[name].checkWritable();
        } finally {
          await stores.close();
        }
        return { found: 'objects can be listed, read, written and deleted' };
      },
    }));
}

/** Compares our clock with that of Amazon's response to a call without credentials. */
export function clockCheck(endpoint: string, now: () => number): Check {
  return {
    name: 'clock',
    async look() {
      const answer = await callJson(endpoint, {}).catch(() => undefined);
      const date = Date.parse(answer?.headers.get('date') ?? '');
      if (Number.isNaN(date)) {
        const next =
          'Check that this machine can reach it (including any proxy or firewall), and check `api.endpoint` in pipelines.yaml.';
        return { found: `no answer from ${endpoint}`, next };
      }
      const seconds = Math.round((now() - date) / 1000);
      const found = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} Amazon's`;
      if (Math.abs(seconds) <= maxClockSkewSeconds) return { found };
      return { found, next: 'Synchronize the clock of this machine with a time server (NTP).' };
    },
  };
}

/**
 * Checks that the folder of the published copy of the warehouse is writable and has room for
 * another copy.
 */
export function publishChecks(config: Config): Check[] {
  const settings = publishConfig(config.warehouse);
  if (!settings) return [];
  const { path } = settings;
  return [
    {
      name: 'copy',
      about: path,
      async look() {
        const { found, next, freeBytes = 0 } = await lookAtFolder(dirname(path));
        if (next !== undefined) return { found, next };
        // The last copy stays until the new one is complete.
        const { size } = await stat(warehouseName(config)).catch(() => ({ size: 0 }));
        const needed = `${found}; a copy has ${(size / 1e9).toFixed(1)} GB`;
        return freeBytes > size ? { found: needed } : { found: needed, next: makeRoom };
      },
    },
  ];
}

/** Checks whether loads can be committed now, and whether their rows stay. */
export function warehouseCheck(warehouse: Warehouse): Check {
  return { name: 'warehouse', look: () => warehouse.inspect() };
}
