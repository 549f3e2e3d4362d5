import { Command } from 'commander';
import { ReportsError } from '../errors/reports-error.js';
import { runRequestCycle } from '../requests/request-cycle.js';
import { openRequestStore } from '../requests/request-store.js';
import { cancelLeftOverSchedules, leftOverSchedules } from '../requests/schedules.js';
import type { Io } from './setup/io.js';
import { readFullConfig, withContext } from './setup/open-context.js';
import { requestJson, requestsFailed, requestText } from './output/request-summary.js';
import { untilStopped } from './setup/stop-signals.js';
import { pipelinesNamed } from './setup/find-named.js';

interface Options {
  dryRun?: boolean;
  again?: boolean;
  cancelSchedules?: boolean;
  json?: boolean;
}

/** `sp-reports request`: requests reports from Amazon now. */
export function requestCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('request')
    .description(
      'Requests every report that is missing according to the `request` entries of pipelines.yaml, without waiting for their cron expressions. Waits for the quota. `run` and `start` load the reports when Amazon has made them.',
    )
    .argument('[pipeline]', 'name of the pipeline; default: all that have `request` entries')
    .option('--dry-run', 'show what would be requested; request nothing')
    .option('--again', 'retry abandoned, failed and refused windows at once')
    .option(
      '--cancel-schedules',
      'cancel schedules at Amazon that belong to removed `request` entries; request nothing',
    )
    .option('--json', 'print a JSON object for each pipeline, one per line')
    .action(async (name: string | undefined, options: Options, command: Command) => {
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
        for (const pipeline of pipelines) {
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
              const made = await runRequestCycle(pipeline, context, signals, how);
              return [made, leftOverSchedules(context, openRequestStore(config.state, context))] as const;
            },
          );
          if (options.json) {
            io.stdout.write(`${JSON.stringify({ pipeline: pipeline.name, ...requestJson(summary) })}\n`);
          } else {
            io.stdout.write(`Requests of ${pipeline.name}: ${requestText(summary, how)}`);
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
    });
}
