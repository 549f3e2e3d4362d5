import type { Command } from 'commander';
import { systemClock } from '../../runtime/clock.js';
import { type RunEnd, runOnce } from '../../runs/run.js';
import { openRunLog } from '../../status/run-log.js';
import { checkAlarms } from '../setup/open-alarms.js';
import { pipelinesNamed } from '../setup/find-named.js';
import type { Io } from '../setup/io.js';
import { readFullConfig, withContext } from '../setup/open-context.js';
import { hasRequestNews, requestJson, requestsFailed, requestText } from '../output/request-summary.js';
import { untilStopped } from '../setup/stop-signals.js';
import { somethingFailed, summaryJson, summaryText } from '../output/summary.js';
import type { Config, Pipeline } from '../../config/spec.js';
import { publishConfig } from '../../config/warehouse-spec.js';
import { openPublisher, type Publisher } from '../../maintenance/publish.js';

/** Runs `sp-reports run`. */
export async function runAction(
  name: string | undefined,
  options: { json?: boolean },
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const config = readFullConfig(command, io);
  const pipelines = pipelinesNamed(config, name);
  const runLog = openRunLog(systemClock);
  await untilStopped(io, async (signals) => {
    try {
      for (const pipeline of pipelines) {
        if (signals.stop.aborted) return;
        const ends = await withContext(config, command, io, pipeline.name, (context) =>
          runOnce(pipeline, context, signals, runLog.watch),
        );
        printRuns(pipeline, ends, options, io);
        if (ends.some(hasFailed)) exit(1);
        const broken = ends.find(({ error }) => error !== undefined);
        if (broken) throw broken.error;
      }
    } finally {
      const publisher = signals.stop.aborted ? undefined : await publish(config, command, io);
      // A failed run needs this most: an unreachable queue or warehouse is an alarm.
      if (config.alarms && !signals.stop.aborted)
        await checkAlarms(config, command, io, signals, runLog, publisher);
    }
  });
}

/** Publishes a copy of the warehouse file if one is due. Returns what did so. */
async function publish(config: Config, command: Command, io: Io): Promise<Publisher | undefined> {
  if (!publishConfig(config.warehouse)) return undefined;
  return withContext(config, command, io, 'publish', async (context) => {
    const publisher = openPublisher(context);
    await publisher?.check();
    return publisher;
  });
}

function printRuns(pipeline: Pipeline, ends: RunEnd[], { json }: { json?: boolean }, io: Io): void {
  const requests = ends.find((each) => each.requests)?.requests;
  const drained = ends.find(({ kind }) => kind === 'drain')?.work;
  if (json) {
    if (!requests && !drained) return;
    const summary = {
      ...(drained && summaryJson(drained)),
      requests: requests && requestJson(requests),
    };
    io.stdout.write(`${JSON.stringify({ pipeline: pipeline.name, ...summary })}\n`);
    return;
  }
  if (requests && hasRequestNews(requests))
    io.stdout.write(`Requests of ${pipeline.name}: ${requestText(requests)}\n`);
  if (drained) io.stdout.write(`Pipeline ${pipeline.name}: ${summaryText(drained)}`);
}

function hasFailed({ work, requests }: RunEnd): boolean {
  return requests ? requestsFailed(requests) : work !== undefined && somethingFailed(work);
}
