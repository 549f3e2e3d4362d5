import { historiesOf } from '../config/histories.js';
import { describeError, errorCode, remedyOf } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import type { Publisher } from '../maintenance/publish.js';
import { openOwnViews } from '../runs/refresh-own-views.js';
import { type Run, type RunWatch, watchedByAll } from '../runs/run.js';
import type { StopSignals } from '../ingest/context.js';
import type { Warehouse } from '../warehouse/types.js';
import { openSnapshots } from './snapshot.js';
import { openMetrics } from './metrics.js';
import { openReloads } from './server/reloads.js';
import { openPicturePoll } from './read-pictures.js';
import { relationsOf } from './relations.js';
import { openRunLog } from './run-log.js';
import { type ServerOptions, serveStatus } from './server/server.js';
import type { StatusSnapshot } from './types.js';

export interface Status {
  /** The address of the page; undefined if it is turned off or could not be served. */
  url?: string;
  /** Call this as a run begins. */
  watch(run: Run): RunWatch;
  readSnapshot: () => Promise<StatusSnapshot>;
  close(): Promise<void>;
}

/**
 * Opens the status page, the metrics and the health checks that the settings ask for.
 * `readWarehouse` is the warehouse for reads that yield to everything else. `publisher` makes the
 * copy of it for other tools. If the page can't be served, this logs a warning: loading matters
 * more.
 */
export async function openStatus(
  context: PipelineContext,
  readWarehouse: Warehouse,
  signals: StopSignals,
  publisher?: Publisher,
): Promise<Status> {
  const { config, clock, log } = context;
  const runLog = openRunLog(clock);
  const readSnapshot = openSnapshots({ ...context, warehouse: readWarehouse }, runLog, { publisher });
  const page = config.status ? await openPage(config.status) : undefined;
  return {
    url: page?.server?.url,
    watch: (run) => watchedByAll([runLog.watch(run), ...(page ? [page.metrics.watch(run)] : [])]),
    readSnapshot,
    async close() {
      await page?.server?.close();
      await page?.reloads.end();
    },
  };

  async function openPage(settings: Pick<ServerOptions, 'host' | 'port' | 'token'>) {
    const metrics = openMetrics(readSnapshot);
    const reloads = openReloads(context, signals);
    const readViews = openOwnViews(context);
    const histories = historiesOf(context.config.history, context.schemas);
    const options = {
      ...settings,
      log,
      readSnapshot,
      readRelations: async () =>
        relationsOf(await readSnapshot(), context.schemas, await readViews(), histories),
      readPictures: openPicturePoll({ ...context, warehouse: readWarehouse }, readSnapshot, signals.stop),
      metrics,
      warehouse: readWarehouse,
      readViews,
      reloads,
    };
    const server = await serveStatus(options).catch((error: unknown) => {
      const remedy = remedyOf(error);
      log.warn({ code: errorCode(error) }, `${describeError(error)}.${remedy ? ` ${remedy}` : ''}`);
      return undefined;
    });
    if (server) log.info({ url: server.url }, 'status page served');
    return { server, metrics, reloads };
  }
}
