import { Command } from 'commander';
import { systemClock } from '../clock.js';
import { firstSteps } from '../config/read.js';
import type { Config } from '../config/spec.js';
import { ReportsError } from '../errors.js';
import type { Pipeline } from '../pipeline/route.js';
import { type RunEnd, runDue } from '../pipeline/run.js';
import { openRunLog } from '../status/run-log.js';
import { didYouMean } from '../nearest-name.js';
import { checkAlarms } from './alarms.js';
import type { Io } from './io.js';
import { readFullConfig, withContext } from './open-context.js';
import { hasRequestNews, requestJson, requestsFailed, requestText } from './request-summary.js';
import { untilStopped } from './stop-signals.js';
import { somethingFailed, summaryJson, summaryText } from './summary.js';

/** `sp-reports run`: one drain. */
export function runCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('run')
    .description(
      'Drains the queue of a pipeline once: loads every report that has finished. Before that it asks Amazon for what its `request` entries have due.',
    )
    .argument('[pipeline]', 'name of the pipeline; without it all, one after the other')
    .option('--json', 'print a JSON object for each pipeline, one a line')
    .action(async (name: string | undefined, options: { json?: boolean }, command: Command) => {
      const config = readFullConfig(command, io);
      const pipelines = pipelinesNamed(config, name);
      const runLog = openRunLog(systemClock);
      await untilStopped(io, async (signals) => {
        try {
          for (const pipeline of pipelines) {
            if (signals.stop.aborted) return;
            const ends = await withContext(config, command, io, pipeline.name, (context) =>
              runDue(pipeline, 'drain', context, signals, runLog.watch),
            );
            printRuns(pipeline, ends, options, io);
            if (ends.some(hasFailed)) exit(1);
            const broken = ends.find(({ error }) => error !== undefined);
            if (broken) throw broken.error;
          }
        } finally {
          // Also where it broke off, above all then: for want of the queue or the warehouse, say, which is told of.
          if (config.alarms && !signals.stop.aborted) await checkAlarms(config, command, io, signals, runLog);
        }
      });
    });
}

function printRuns(pipeline: Pipeline, ends: RunEnd[], { json }: { json?: boolean }, io: Io): void {
  const requests = ends.find((each) => each.requests)?.requests;
  const drained = ends.find(({ kind }) => kind === 'drain')?.work;
  if (json) {
    if (!requests && !drained) return;
    const summary = {
      ...(drained && summaryJson(drained)),
      ...(requests && { requests: requestJson(requests) }),
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

/** The pipelines a command is about. Errors: USAGE where there is none of that name. */
export function pipelinesNamed({ file, pipelines }: Config, name: string | undefined): Pipeline[] {
  return someNamed('pipeline', pipelines, (pipeline) => pipeline.name, name, file);
}

/** The sellers a command is about. Errors: USAGE where there is none of that id. */
export function sellersNamed({ file, sellers }: Config, id: string | undefined): Config['sellers'] {
  return someNamed('seller', sellers, (seller) => seller.id, id, file);
}

function someNamed<Item>(
  noun: string,
  all: Item[],
  nameOf: (item: Item) => string,
  wanted: string | undefined,
  file: string | null,
): Item[] {
  if (all.length === 0)
    throw new ReportsError('USAGE', { problem: `${file} has no ${noun}s. ${firstSteps}` });
  if (wanted === undefined) return all;
  const found = all.filter((item) => nameOf(item) === wanted);
  if (found.length > 0) return found;
  const names = all.map(nameOf);
  const hint = didYouMean(wanted, names) || '.';
  throw new ReportsError('USAGE', {
    problem: `no ${noun} "${wanted}" in ${file}${hint} It has: ${names.join(', ')}.`,
  });
}
