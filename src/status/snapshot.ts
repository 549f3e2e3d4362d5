import { nextTick } from '../config/cron-ticks.js';
import { warehouseName } from '../config/read.js';
import type { PipelineContext } from '../ingest/context.js';
import type { Publisher } from '../maintenance/publish.js';
import { openRequestStore, type RequestStore } from '../requests/request-store.js';
import type { Pipeline } from '../config/spec.js';
import { requestTimes } from '../runs/schedule.js';
import { usagePlans } from '../source/selling-partner/limits.js';
import { version } from '../runtime/version.js';
import { tableFreshness } from './freshness.js';
import { openCoveragePoll } from './coverage.js';
import { openCommitPoll } from './read-commits.js';
import { openLedgerPoll } from './read-ledger.js';
import { openQueuePoll } from './read-queue.js';
import type { PollOptions } from './polled.js';
import { requestSnapshots } from './request-snapshots.js';
import type { RunLog } from './run-log.js';
import { openSecretSnapshots } from './secret-snapshots.js';
import type {
  ClientSecretSnapshot,
  EndedRun,
  PipelineSnapshot,
  RunRecord,
  ScheduleSnapshot,
  SellerSnapshot,
  StatusSnapshot,
} from './types.js';

export interface SnapshotOptions extends Pick<PollOptions, 'waitsForReading'> {
  /** Makes the copy of the warehouse for other tools. */
  publisher?: Publisher;
  /** Leaves out the coverage, whose periods take about as long to read as all the rest. */
  withoutCoverage?: boolean;
}

/**
 * Returns a function that reads the status for the page, the metrics and the alarms. Frequent calls
 * are cheap: the ledger and the queues are polled at their own intervals, see `read-ledger.ts` and
 * `read-queue.ts`. It never rejects: what can't be read is reported as a problem, beside the last
 * known value.
 */
export function openSnapshots(
  context: PipelineContext,
  runLog: RunLog,
  { publisher, withoutCoverage = false, ...options }: SnapshotOptions = {},
): () => Promise<StatusSnapshot> {
  const { config, clock } = context;
  const startedAt = new Date(clock.now()).toISOString();
  const readLedger = openLedgerPoll(context, options);
  const readCommits = openCommitPoll(context, runLog, options);
  const requestStore = openRequestStore(config.state, context);
  const readCoverage = withoutCoverage ? async () => [] : openCoveragePoll(context, requestStore, options);
  const queues = [...new Set(config.pipelines.map(({ queue }) => queue))];
  const readSecrets = openSecretSnapshots(context);
  const readQueues = queues.map((url) => openQueuePoll(url, context, runLog, options));

  return async () => {
    const [ledger, commitProblem, coverage, ...queueSnapshot] = await Promise.all([
      readLedger(),
      readCommits(),
      readCoverage(),
      ...readQueues.map((read) => read()),
    ]);
    const { value, readAt, problem } = ledger;
    const { clientSecrets, notifications } = readSecrets();
    return {
      at: new Date(clock.now()).toISOString(),
      version,
      startedAt,
      warehouse: {
        type: config.warehouse.type,
        name: warehouseName(config),
        readAt,
        problem,
        ledger: value?.snapshot,
        published: publisher?.read(),
      },
      commits: { problem: commitProblem },
      tables: tableFreshness(value?.tables ?? [], clock.now()),
      sellers: config.sellers.map((seller) =>
        sellerSnapshot(seller, context, runLog, clientSecrets.get(seller.id)),
      ),
      queues: queueSnapshot,
      pipelines: config.pipelines.map((pipeline) =>
        pipelineSnapshot(pipeline, context, runLog, requestStore),
      ),
      coverage,
      notifications,
      runs: runLog.runs(),
    };
  };
}

function sellerSnapshot(
  { id, name, region, marketplaces }: PipelineContext['config']['sellers'][number],
  context: PipelineContext,
  runLog: RunLog,
  clientSecret: ClientSecretSnapshot | undefined,
): SellerSnapshot {
  const quota = context.documentQuota(id);
  return {
    sellerId: id,
    name,
    region,
    marketplaces,
    quota: {
      available: quota.available(),
      burst: usagePlans.getReportDocument.burst,
      nextAvailableAt: new Date(quota.nextAvailableMs()).toISOString(),
    },
    credentials: { ...runLog.credentials(id), clientSecret },
  };
}

function pipelineSnapshot(
  pipeline: Pipeline,
  context: PipelineContext,
  runLog: RunLog,
  requestStore: RequestStore,
): PipelineSnapshot {
  const { name, queue, timezone, schedule, sweep, request } = pipeline;
  const scheduleSnapshot = (
    kind: RunRecord['kind'],
    schedules: string[],
    times = schedules,
  ): ScheduleSnapshot => {
    const nextAt = nextTick(times, timezone, context.clock.now());
    const succeededAt = runLog.succeededAt(name, kind);
    const last = runLog
      .runs()
      .filter(hasEnded)
      .find((run) => run.pipeline === name && run.kind === kind);
    return {
      schedules,
      nextAt,
      last,
      succeededAt,
    };
  };
  const own = requestTimes(pipeline);
  return {
    name,
    queue,
    timezone,
    drain: scheduleSnapshot('drain', [schedule]),
    sweep: sweep === undefined ? undefined : scheduleSnapshot('sweep', [sweep]),
    request:
      request.length > 0
        ? {
            ...scheduleSnapshot('request', own, [...own, schedule]),
            requests: requestSnapshots(pipeline, context, requestStore),
          }
        : undefined,
  };
}

function hasEnded(run: RunRecord): run is EndedRun {
  return run.endedAt !== undefined;
}
