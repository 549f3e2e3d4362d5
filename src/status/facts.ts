import { warehouseName } from '../config/read.js';
import type { PipelineContext } from '../ingest/context.js';
import { openRequestBook, type RequestBook } from '../pipeline/requests/book.js';
import type { Pipeline } from '../ingest/route.js';
import { requestTimes } from '../runs/schedule.js';
import { usagePlans } from '../source/selling-partner/limits.js';
import { version } from '../runtime/version.js';
import { tableFreshness } from './freshness.js';
import { openLedgerReading } from './read-ledger.js';
import { nextRun } from './next-run.js';
import { openQueueReading } from './read-queue.js';
import type { ReadingOptions } from './reading.js';
import { requestFacts } from './request-facts.js';
import type { RunLog } from './run-log.js';
import type { PipelineFacts, RunFacts, ScheduleFacts, SellerFacts, StatusFacts } from './types.js';

/**
 * What the status page, the metrics and alarms need to know, gathered in one place. Asking often does no harm: ledger and queues are read
 * at intervals of their own, see `read-ledger.ts` and `read-queue.ts`. Never rejects: what can't be read is told as a problem, beside what
 * was known before.
 */
export function openFacts(
  context: PipelineContext,
  runLog: RunLog,
  options: Pick<ReadingOptions, 'waitsForReading'> = {},
): () => Promise<StatusFacts> {
  const { config, clock } = context;
  const startedAt = new Date(clock.now()).toISOString();
  const readLedger = openLedgerReading(context, options);
  const book = openRequestBook(config.state);
  const queues = [...new Set(config.pipelines.map(({ queue }) => queue))];
  const readQueues = queues.map((url) => openQueueReading(url, context, runLog, options));

  return async () => {
    const [ledger, ...queueFacts] = await Promise.all([readLedger(), ...readQueues.map((read) => read())]);
    const { value, readAt, problem } = ledger;
    return {
      at: new Date(clock.now()).toISOString(),
      version,
      startedAt,
      warehouse: {
        type: config.warehouse.type,
        name: warehouseName(config),
        ...(readAt !== undefined && { readAt }),
        ...(problem && { problem }),
        ...(value && { ledger: value.facts }),
      },
      tables: tableFreshness(value?.tables ?? [], clock.now()),
      sellers: config.sellers.map((seller) => sellerFacts(seller, context, runLog)),
      queues: queueFacts,
      pipelines: config.pipelines.map((pipeline) => pipelineFacts(pipeline, context, runLog, book)),
      runs: runLog.runs(),
    };
  };
}

function sellerFacts(
  { id, name, region, marketplaces }: PipelineContext['config']['sellers'][number],
  context: PipelineContext,
  runLog: RunLog,
): SellerFacts {
  const quota = context.documentQuota(id);
  return {
    sellerId: id,
    ...(name !== undefined && { name }),
    region,
    marketplaces,
    quota: {
      available: quota.available(),
      burst: usagePlans.getReportDocument.burst,
      nextAvailableAt: new Date(quota.nextAvailableMs()).toISOString(),
    },
    credentials: runLog.credentials(id),
  };
}

function pipelineFacts(
  pipeline: Pipeline,
  context: PipelineContext,
  runLog: RunLog,
  book: RequestBook,
): PipelineFacts {
  const { name, queue, timezone, schedule, sweep, request } = pipeline;
  const facts = (kind: RunFacts['kind'], schedules: string[], times = schedules): ScheduleFacts => {
    const nextAt = nextRun(times, timezone);
    const succeededAt = runLog.succeededAt(name, kind);
    const last = runLog
      .runs()
      .find((run) => run.pipeline === name && run.kind === kind && run.endedAt !== undefined);
    return {
      schedules,
      ...(nextAt !== undefined && { nextAt }),
      ...(last && { last }),
      ...(succeededAt !== undefined && { succeededAt }),
    };
  };
  const own = requestTimes(pipeline);
  return {
    name,
    queue,
    timezone,
    drain: facts('drain', [schedule]),
    ...(sweep !== undefined && { sweep: facts('sweep', [sweep]) }),
    ...(request.length > 0 && {
      request: {
        ...facts('request', own, [...own, schedule]),
        requests: requestFacts(pipeline, context, book),
      },
    }),
  };
}
