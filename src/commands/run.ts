import { Command } from 'commander';
import { systemClock } from '../clock.js';
import { firstSteps } from '../config/read.js';
import type { Config } from '../config/spec.js';
import { ReportsError } from '../errors.js';
import { drain } from '../pipeline/drain.js';
import type { PipelineContext } from '../pipeline/context.js';
import { askForReports } from '../pipeline/requests/turn.js';
import type { RequestSummary } from '../pipeline/requests/types.js';
import type { Pipeline } from '../pipeline/route.js';
import { watchedContext } from '../pipeline/schedule.js';
import type { DrainSignals } from '../pipeline/work-list.js';
import type { WorkSummary } from '../pipeline/work-summary.js';
import { openRunLog, type RunLog } from '../status/run-log.js';
import { didYouMean } from '../nearest-name.js';
import { checkAlarms } from './alarms.js';
import type { Io } from './io.js';
import { readFullConfig, withContext } from './open-context.js';
import { isWorthTelling, requestJson, requestsFailed, requestText } from './request-summary.js';
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
            const { requests, trouble, summary } = await withContext(
              config,
              command,
              io,
              pipeline.name,
              (context) => runOnce(pipeline, context, signals, runLog),
            );
            if (options.json) {
              const json = {
                ...summaryJson(summary),
                ...(requests ? { requests: requestJson(requests) } : {}),
              };
              io.stdout.write(`${JSON.stringify({ pipeline: pipeline.name, ...json })}\n`);
            } else {
              if (requests && isWorthTelling(requests))
                io.stdout.write(`Requests of ${pipeline.name}: ${requestText(requests)}\n`);
              io.stdout.write(`Pipeline ${pipeline.name}: ${summaryText(summary)}`);
            }
            if (somethingFailed(summary) || (requests && requestsFailed(requests))) exit(1);
            if (trouble !== undefined) throw trouble;
          }
        } finally {
          // Also where it broke off, above all then: for want of the queue or the warehouse, say, which is told of.
          if (config.alarms && !signals.stop.aborted) await checkAlarms(config, command, io, signals, runLog);
        }
      });
    });
}

interface Ran {
  requests?: RequestSummary;
  /** What kept the requests from their turn: the drain is run all the same. */
  trouble?: unknown;
  summary: WorkSummary;
}

async function runOnce(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: DrainSignals,
  runLog: RunLog,
): Promise<Ran> {
  const watch = runLog.watch({ pipeline, kind: 'drain' });
  const watched = watchedContext(context, watch);
  try {
    // First, so that Amazon makes the reports meanwhile.
    const asked = await ask();
    const summary = await drain(pipeline, watched, signals);
    if (asked.trouble === undefined) watch.finished(summary);
    else watch.failed?.(asked.trouble);
    return { ...asked, summary };
  } catch (error) {
    watch.failed?.(error);
    throw error;
  }

  async function ask(): Promise<Pick<Ran, 'requests' | 'trouble'>> {
    if (pipeline.request.length === 0) return {};
    try {
      const requests = await askForReports(pipeline, watched, signals);
      runLog.asked(requests);
      return { requests };
    } catch (trouble) {
      return { trouble };
    }
  }
}

/** The pipelines a command is about. Errors: USAGE where there is none of that name. */
export function pipelinesNamed(config: Config, name: string | undefined): Pipeline[] {
  const names = config.pipelines.map((pipeline) => pipeline.name);
  if (names.length === 0) {
    throw new ReportsError('USAGE', { problem: `${config.file} has no pipelines. ${firstSteps}` });
  }
  if (name === undefined) return config.pipelines;
  const found = config.pipelines.filter((pipeline) => pipeline.name === name);
  if (found.length > 0) return found;
  const hint = didYouMean(name, names) || '.';
  throw new ReportsError('USAGE', {
    problem: `no pipeline "${name}" in ${config.file}${hint} It has: ${names.join(', ')}.`,
  });
}

/** The sellers a command is about. Errors: USAGE where there is none of that id. */
export function sellersNamed(config: Config, id: string | undefined): Config['sellers'] {
  if (config.sellers.length === 0) {
    throw new ReportsError('USAGE', { problem: `${config.file} has no sellers. ${firstSteps}` });
  }
  if (id === undefined) return config.sellers;
  const found = config.sellers.filter((seller) => seller.id === id);
  if (found.length > 0) return found;
  const ids = config.sellers.map((seller) => seller.id);
  const hint = didYouMean(id, ids) || '.';
  throw new ReportsError('USAGE', {
    problem: `no seller "${id}" in ${config.file}${hint} It has: ${ids.join(', ')}.`,
  });
}
