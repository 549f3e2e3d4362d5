import { isoNow } from '../../runtime/clock.js';
import type { Command } from 'commander';
import type { Config } from '../../config/spec.js';
import { describeError } from '../../errors/reports-error.js';
import type { PipelineContext, StopSignals } from '../../ingest/context.js';
import { openPublisher, watchPublisher } from '../../maintenance/publish.js';
import { type Run, type RunWatch, watchedByAll } from '../../runs/run.js';
import { runSchedule } from '../../runs/schedule.js';
import { openAlarms, watchAlarms } from '../../status/alarms/alarms.js';
import { consoleLimits } from '../../status/server/console.js';
import { hasRequestNews, requestCounts, requestJson, requestText } from '../output/request-summary.js';
import { summaryJson, summaryText } from '../output/summary.js';
import { pluralize } from '../../text/pluralize.js';
import { pipelinesNamed } from './find-named.js';
import type { Io } from './io.js';
import { withContext } from './open-context.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';

export interface StartOptions {
  json?: boolean;
  /** Called with the address of the status page. */
  onServed?(url: string): void;
  /** The log level if the user gives none. */
  logLevel?: string;
}

/**
 * Runs the pipelines of the settings by their schedules and serves the status page, until the stop
 * signal. Errors: USAGE if there are no pipelines.
 */
export async function startSchedules(
  config: Config,
  command: Command,
  io: Io,
  signals: StopSignals,
  options: StartOptions = {},
): Promise<void> {
  // Fails if there are none.
  pipelinesNamed(config, undefined);
  // Imported here so that no other command waits until a server is loaded.
  const { openStatus } = await import('../../status/open.js');
  const maxBytes = consoleLimits.bytesReadOnBigQuery;
  const title = 'sp-reports';
  await withContext(config, command, io, title, schedule, options.logLevel);

  async function schedule(context: PipelineContext): Promise<void> {
    const readWarehouse = openWarehouse(config, { isPreemptible: true, maxBytes });
    const publisher = openPublisher(context);
    const status = await openStatus(context, readWarehouse, signals, publisher);
    if (status.url) options.onServed?.(status.url);
    const alarms = config.alarms && openAlarms(config.alarms, status.readSnapshot, context);
    // A separate signal, because the schedule may also end by an error.
    const over = new AbortController();
    const ended = AbortSignal.any([signals.stop, over.signal]);
    const watching = [
      alarms && watchAlarms(alarms, config.alarms, context, ended),
      publisher && watchPublisher(publisher, context, ended),
    ];
    try {
      await runSchedule(context, signals, (run) =>
        watchedByAll([status.watch(run), printRun(run, options, context, io)]),
      );
    } finally {
      over.abort();
      await Promise.all(watching);
      await status.close();
    }
  }
}

function printRun(
  { pipeline, kind, dueAtMs }: Run,
  { json }: StartOptions,
  { clock, log }: PipelineContext,
  io: Io,
): RunWatch {
  const ran = { pipeline: pipeline.name, kind };
  const lateMinutes = Math.floor((clock.now() - (dueAtMs ?? clock.now())) / 60_000);
  const late = lateMinutes > 0 ? `, ${pluralize(lateMinutes, 'minute')} late` : '';
  log.info({ pipeline: pipeline.name }, `${kind} started${late}`);
  const print = (summary: Record<string, unknown>, text: string) =>
    io.stdout.write(json ? `${JSON.stringify({ ...ran, ...summary })}\n` : `${isoNow()} ${text}`);
  return {
    finished(work, requests) {
      if (!requests) {
        log.info({ ...ran, outcomes: work.outcomes }, `${kind} finished`);
        print(summaryJson(work), `${kind} of ${pipeline.name}: ${summaryText(work)}`);
        return;
      }
      log.info({ ...ran, ...requestCounts(requests) }, `${kind} finished`);
      if (hasRequestNews(requests))
        print(requestJson(requests), `requests of ${pipeline.name}: ${requestText(requests)}`);
    },
    // The next run on the clock tries again.
    failed: (error) => log.error({ pipeline: pipeline.name }, `${kind} failed: ${describeError(error)}`),
  };
}
