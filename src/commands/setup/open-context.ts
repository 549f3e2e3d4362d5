import type { Command } from 'commander';
import { systemClock } from '../../runtime/clock.js';
import { type ReadConfigOptions, readConfig } from '../../config/read.js';
import { sellersById } from '../../config/seller-ids.js';
import type { Config } from '../../config/spec.js';
import { publishConfig } from '../../config/warehouse-spec.js';
import { removeOldPartials, removeOldPartialsOf } from '../../files/old-partials.js';
import type { PipelineContext } from '../../ingest/context.js';
import { SharedWork } from '../../ingest/shared-work.js';
import { packagedSchemasFolder, readSchemas } from '../../schema/read.js';
import { readViews } from '../../schema/views.js';
import type { ReportSchemas } from '../../schema/types.js';
import { openStores } from '../../store/open-store.js';
import { openStaging, removeOldStaging } from '../../store/staging.js';
import type { CallQuota } from '../../scheduling/call-plan.js';
import type { QuotaKey } from '../../source/selling-partner/quota.js';
import { openSellingPartner } from '../../source/selling-partner/selling-partner.js';
import { openWarehouse, warehouseFile } from '../../warehouse/open-warehouse.js';
import { openQuota, seeClientSecrets } from './open-amazon.js';
import type { Io } from './io.js';
import { openProgress } from './progress.js';
import { repairStateFiles } from './state-files.js';

/** The options of every command. */
export interface GlobalOptions {
  config?: string;
  logLevel?: string;
}

/** Returns where to find pipelines.yaml and the variables it names. */
export function configOptions(command: Command, io: Io): ReadConfigOptions {
  const { config } = command.optsWithGlobals<GlobalOptions>();
  return { path: config, cwd: io.cwd, env: io.env };
}

/** Reads pipelines.yaml for a command that needs all settings. */
export function readFullConfig(command: Command, io: Io): Config {
  return readConfig(configOptions(command, io));
}

/**
 * Reads pipelines.yaml for a command that only uses the warehouse. The file may be missing, and
 * sellers may lack credentials.
 */
export function readWarehouseConfig(command: Command, io: Io): Config {
  return readConfig({ ...configOptions(command, io), missing: 'defaults', tolerateUnset: true });
}

/** Returns the folders of report schemas: the packaged one, then the user's. */
export function schemaFolders(command: Command, io: Io): string[] {
  return [packagedSchemasFolder(), readWarehouseConfig(command, io).schemas];
}

/** Reads all report schemas, by report type. Errors: SCHEMA_INVALID. */
export function readAllSchemas(command: Command, io: Io): ReportSchemas {
  return readSchemas({ folders: schemaFolders(command, io) });
}

/** Opens everything that a command needs, runs its work, and closes everything afterwards. */
export async function withContext<T>(
  config: Config,
  command: Command,
  io: Io,
  title: string,
  work: (context: PipelineContext) => Promise<T>,
  defaultLogLevel?: string,
): Promise<T> {
  const folders = [packagedSchemasFolder(), config.schemas];
  const schemas = readSchemas({ folders });
  const views = readViews({ folders }, schemas);
  const stores = await openStores(config);
  const staging = openStaging(config);
  const { logLevel = defaultLogLevel } = command.optsWithGlobals<GlobalOptions>();
  const progress = openProgress(io, { title, logLevel });
  const quota = openQuota(config, progress.log);
  const sellers = new Map(
    config.sellers.map((seller) => [seller.id, openSellingPartner({ seller, quota, ...config.api })]),
  );
  const clientIds = new Map(config.sellers.map(({ id, credentials }) => [id, credentials.clientId]));
  const ids = sellersById(config.sellers);
  try {
    await removeOldPartials([stores.raw.unfinished, stores.lake.unfinished, config.state]);
    // If this fails, the work fails too and reports the reason.
    if (staging) await removeOldStaging(staging).catch(() => {});
    await repairStateFiles(config.state, progress);
    await seeClientSecrets(config, progress);
    const opened = { log: progress.log, schemas, views, staging };
    const file = warehouseFile(config, views);
    const copy = publishConfig(config.warehouse)?.path;
    for (const path of [file?.path, copy]) if (path !== undefined) await removeOldPartialsOf(path);
    const context: Omit<PipelineContext, 'shared'> = {
      config,
      schemas,
      lake: stores.lake,
      raw: stores.raw,
      warehouse: openWarehouse(config, opened),
      warehouseFile: file,
      sellingPartner: (sellerId) => sellers.get(ids.get(sellerId) ?? ''),
      documentQuota: (sellerId) => quotaOf(sellerId, 'getReportDocument'),
      requestQuota: (sellerId) => quotaOf(sellerId, 'createReport'),
      clock: systemClock,
      log: progress.log,
      onEvent: progress.onEvent,
    };
    return await work({ ...context, shared: new SharedWork(context) });
  } finally {
    progress.close();
    await stores.close();
    await quota.close();
  }

  function quotaOf(sellerId: string, operation: QuotaKey['operation']): CallQuota {
    const key: QuotaKey = { clientId: clientIds.get(sellerId) ?? '', sellerId, operation };
    return {
      available: () => quota.available(key),
      nextAvailableMs: (calls) => quota.nextAvailableMs(key, calls),
      possibleUntil: (epochMs) => quota.possibleUntil(key, epochMs),
    };
  }
}
