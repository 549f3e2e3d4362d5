import { Command } from 'commander';
import { ReportsError } from '../errors/reports-error.js';
import { openRequestBook } from '../pipeline/requests/book.js';
import { cancelLeftOver, leftOverSchedules } from '../pipeline/requests/schedules.js';
import { askForReports } from '../pipeline/requests/turn.js';
import type { Io } from './setup/io.js';
import { readFullConfig, withContext } from './setup/open-context.js';
import { requestJson, requestsFailed, requestText } from './output/request-summary.js';
import { pipelinesNamed } from './setup/find-named.js';
import { untilStopped } from './setup/stop-signals.js';

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
      'Requests the reports that the `request` entries of pipelines.yaml name and that have not been requested yet, without waiting for their cron expressions. Waits for the quota. `run` or `start` load the reports when Amazon has made them.',
    )
    .argument('[pipeline]', 'name of the pipeline (default: all that have requests)')
    .option('--dry-run', 'show what would be requested, without requesting it')
    .option('--again', 'retry requests that were given up')
    .option('--cancel-schedules', 'only cancel schedules at Amazon whose `request` entries no longer exist')
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
            patient: true,
            again: options.again ?? false,
            dryRun: options.dryRun ?? false,
          };
          const [summary, leftOver] = await withContext(
            config,
            command,
            io,
            `${pipeline.name} requests`,
            async (context) => {
              const made = await askForReports(pipeline, context, signals, how);
              return [made, leftOverSchedules(context, openRequestBook(config.state))] as const;
            },
          );
          if (options.json) {
            io.stdout.write(`${JSON.stringify({ pipeline: pipeline.name, ...requestJson(summary) })}\n`);
          } else {
            io.stdout.write(`Requests of ${pipeline.name}: ${requestText(summary, how)}`);
          }
          for (const [, { sellerId, reportType }] of leftOver)
            io.stderr.write(
              `Amazon still makes ${reportType} for ${sellerId} on a schedule that is no longer in ${config.file}. \`sp-reports request --cancel-schedules\` cancels it.\n`,
            );
          if (requestsFailed(summary)) exit(1);
        }
      });

      async function cancelSchedules(): Promise<void> {
        await untilStopped(io, async (signals) => {
          const steps = await withContext(config, command, io, 'schedules', (context) =>
            cancelLeftOver(openRequestBook(config.state), context, { signal: signals.stop }, options),
          );
          if (options.json) io.stdout.write(`${JSON.stringify({ schedules: steps })}\n`);
          else if (steps.length === 0) io.stdout.write('There are no schedules to cancel.\n');
          for (const { sellerId, reportType, done } of options.json ? [] : steps)
            io.stdout.write(`Schedule of ${reportType} for ${sellerId}: ${done}\n`);
        });
      }
    });
}
