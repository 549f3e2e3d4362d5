import type { Command } from 'commander';
import { ReportsError } from '../../errors/reports-error.js';
import type { Pipeline } from '../../config/spec.js';
import type { PipelineContext } from '../../ingest/context.js';
import { findGaps, type Gaps } from '../../requests/find-gaps.js';
import { readCoverage } from '../../requests/read-coverage.js';
import { runRequestCycle } from '../../requests/request-cycle.js';
import { plansOf } from '../../requests/request-plans.js';
import { openRequestStore, type RequestStore } from '../../requests/request-store.js';
import { cancelLeftOverSchedules, leftOverSchedules } from '../../requests/schedules.js';
import { systemClock } from '../../runtime/clock.js';
import { callsPerDayText } from '../output/call-plan-text.js';
import { type Io, resultWidth } from '../setup/io.js';
import { readFullConfig, withContext } from '../setup/open-context.js';
import { requestJson, requestsFailed, requestText } from '../output/request-summary.js';
import { untilStopped } from '../setup/stop-signals.js';
import { pipelinesNamed } from '../setup/find-named.js';

export interface Options {
  dryRun?: boolean;
  again?: boolean;
  fillGaps?: boolean;
  cancelSchedules?: boolean;
  json?: boolean;
}

/** Runs `sp-reports request`. */
export async function requestAction(
  name: string | undefined,
  options: Options,
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const config = readFullConfig(command, io);
  const named = pipelinesNamed(config, name);
  if (options.cancelSchedules) return cancelSchedules();
  const pipelines = named.filter(({ request }) => request.length > 0);
  if (pipelines.length === 0) {
    const which = name === undefined ? `no pipeline in ${config.file}` : `pipeline ${name}`;
    const verb = name === undefined ? 'has' : 'has no';
    throw new ReportsError('USAGE', {
      problem: `${which} ${verb} \`request:\` entries; see docs/requests.md`,
    });
  }
  await untilStopped(io, async (signals) => {
    const width = resultWidth(io);
    for (const [index, pipeline] of pipelines.entries()) {
      if (signals.stop.aborted) return;
      const how = {
        now: true,
        waitForQuota: true,
        forceRetries: options.again ?? false,
        dryRun: options.dryRun ?? false,
      };
      const [summary, leftOver] = await withContext(
        config,
        command,
        io,
        `${pipeline.name} requests`,
        async (context) => {
          const store = openRequestStore(config.state, context);
          const gaps = options.fillGaps ? await gapsOf(pipeline, context, store) : undefined;
          const made = await runRequestCycle(pipeline, context, signals, { ...how, gaps });
          return [made, leftOverSchedules(context, store)] as const;
        },
      );
      if (options.json) {
        io.stdout.write(`${JSON.stringify({ pipeline: pipeline.name, ...requestJson(summary) })}\n`);
      } else {
        io.stdout.write(
          `Requests of ${pipeline.name}: ${requestText(summary, { ...how, nowMs: systemClock.now(), width })}`,
        );
        // They are the same for every pipeline.
        if (summary.perDay && index === pipelines.length - 1)
          io.stdout.write(callsPerDayText(summary.perDay, width));
      }
      for (const [, { sellerId, reportType }] of leftOver)
        io.stderr.write(
          `Amazon still makes ${reportType} for ${sellerId} on a schedule that is no longer in ${config.file}. Cancel it with \`sp-reports request --cancel-schedules\`.\n`,
        );
      if (requestsFailed(summary)) exit(1);
    }
  });

  async function cancelSchedules(): Promise<void> {
    await untilStopped(io, async (signals) => {
      const steps = await withContext(config, command, io, 'schedules', (context) =>
        cancelLeftOverSchedules(
          openRequestStore(config.state, context),
          context,
          { signal: signals.stop },
          options,
        ),
      );
      if (options.json) io.stdout.write(`${JSON.stringify({ schedules: steps })}\n`);
      else if (steps.length === 0) io.stdout.write('No schedules to cancel.\n');
      for (const { sellerId, reportType, done } of options.json ? [] : steps)
        io.stdout.write(`Schedule of ${reportType} for ${sellerId}: ${done}\n`);
    });
  }
}

async function gapsOf(pipeline: Pipeline, context: PipelineContext, store: RequestStore): Promise<Gaps> {
  return findGaps(plansOf(pipeline, context), await readCoverage(context, store));
}
