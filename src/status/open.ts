import { errorCode, describeError, ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { type Run, type RunWatch, watchedByAll } from '../runs/run.js';
import type { DrainSignals } from '../ingest/work-list.js';
import type { Warehouse } from '../warehouse/types.js';
import { openFacts } from './facts.js';
import { openMetrics } from './metrics.js';
import { openReloads } from './server/reloads.js';
import { openRunLog } from './run-log.js';
import { type ServerOptions, serveStatus } from './server/server.js';
import type { StatusFacts } from './types.js';

export interface Status {
  /** Where the page is; undefined where it is turned off or could not be served. */
  url?: string;
  /** To be called as a run begins. */
  watch(run: Run): RunWatch;
  readFacts: () => Promise<StatusFacts>;
  close(): Promise<void>;
}

/**
 * Opens what tells of the program while it runs: the page, the metrics and the health checks, as the settings say. `readWarehouse` is the
 * warehouse for all that is only looked at. A page that can't be served is a warning: loads matter more.
 */
export async function openStatus(
  context: PipelineContext,
  readWarehouse: Warehouse,
  signals: DrainSignals,
): Promise<Status> {
  const { config, clock, log } = context;
  const runLog = openRunLog(clock);
  const readFacts = openFacts({ ...context, warehouse: readWarehouse }, runLog);
  const page = config.status ? await openPage(config.status) : undefined;
  return {
    ...(page?.server && { url: page.server.url }),
    watch: (run) => watchedByAll([runLog.watch(run), ...(page ? [page.metrics.watch(run)] : [])]),
    readFacts,
    async close() {
      await page?.server?.close();
      await page?.reloads.end();
    },
  };

  async function openPage(place: Pick<ServerOptions, 'host' | 'port' | 'token'>) {
    const metrics = openMetrics(readFacts);
    const reloads = openReloads(context, signals);
    const options = { ...place, log, readFacts, metrics, warehouse: readWarehouse, reloads };
    const server = await serveStatus(options).catch((error: unknown) => {
      const remedy = error instanceof ReportsError ? ` ${error.remedy}` : '';
      log.warn({ code: errorCode(error) }, `${describeError(error)}.${remedy}`);
    });
    if (server) log.info({ url: server.url }, 'status page served');
    return { server, metrics, reloads };
  }
}
