import type { Config } from '../config/spec.js';
import { historiesOf } from '../config/histories.js';
import { sellersById } from '../config/seller-ids.js';
import { publishConfig } from '../config/warehouse-spec.js';
import { removeOldPartials, removeOldPartialsOf } from '../files/old-partials.js';
import type { PipelineContext } from '../ingest/context.js';
import { SharedWork } from '../ingest/shared-work.js';
import { systemClock } from '../runtime/clock.js';
import type { CallQuota } from '../scheduling/call-plan.js';
import { packagedSchemasFolder, readSchemas } from '../schema/read.js';
import { readViews } from '../schema/views.js';
import type { QuotaKey } from '../source/selling-partner/quota.js';
import { openSellingPartner } from '../source/selling-partner/selling-partner.js';
import { openStores } from '../store/open-store.js';
import { openStaging, removeOldStaging } from '../store/staging.js';
import { openWarehouse, warehouseFile } from '../warehouse/open-warehouse.js';
import { openQuota, seeClientSecrets } from './open-amazon.js';
import { repairStateFiles } from './state-files.js';

/** What a context is opened with, beside the settings. */
export interface ContextOptions extends Pick<PipelineContext, 'log' | 'onEvent'> {
  config: Config;
}

/**
 * Opens everything that the settings name, runs work with it, and closes everything afterwards.
 * Errors: SCHEMA_INVALID, and those of the work.
 */
export async function withPipelineContext<T>(
  { config, log, onEvent }: ContextOptions,
  work: (context: PipelineContext) => Promise<T>,
): Promise<T> {
  const folders = [packagedSchemasFolder(), config.schemas];
  const schemas = readSchemas({ folders });
  const views = readViews({ folders }, schemas);
  const stores = await openStores(config);
  const staging = openStaging(config);
  const quota = openQuota(config, log);
  const sellers = new Map(
    config.sellers.map((seller) => [seller.id, openSellingPartner({ seller, quota, ...config.api })]),
  );
  const clientIds = new Map(config.sellers.map(({ id, credentials }) => [id, credentials.clientId]));
  const ids = sellersById(config.sellers);
  try {
    await removeOldPartials([stores.raw.unfinished, stores.lake.unfinished, config.state]);
    // If this fails, the work fails too and reports the reason.
    if (staging) await removeOldStaging(staging).catch(() => {});
    await repairStateFiles(config.state, { log });
    await seeClientSecrets(config, { log });
    const histories = historiesOf(config.history, schemas);
    const opened = { log, schemas, views, histories, staging };
    const file = warehouseFile(config, views, histories);
    const copy = publishConfig(config.warehouse)?.path;
    for (const path of [file?.path, copy]) if (path !== undefined) await removeOldPartialsOf(path);
    const context: Omit<PipelineContext, 'shared'> = {
      config,
      schemas,
      views,
      lake: stores.lake,
      raw: stores.raw,
      warehouse: openWarehouse(config, opened),
      warehouseFile: file,
      sellingPartner: (sellerId) => sellers.get(ids.get(sellerId) ?? ''),
      documentQuota: (sellerId) => quotaOf(sellerId, 'getReportDocument'),
      requestQuota: (sellerId) => quotaOf(sellerId, 'createReport'),
      clock: systemClock,
      log,
      onEvent,
    };
    return await work({ ...context, shared: new SharedWork(context) });
  } finally {
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
