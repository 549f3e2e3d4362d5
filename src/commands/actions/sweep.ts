import type { Command } from 'commander';
import { sweep } from '../../discovery/sweep.js';
import type { Io } from '../setup/io.js';
import { readFullConfig, withContext } from '../setup/open-context.js';
import { pipelinesNamed } from '../setup/find-named.js';
import { untilStopped } from '../setup/stop-signals.js';
import { somethingFailed, summaryJson, summaryText } from '../output/summary.js';

/** Runs `sp-reports sweep`. */
export async function sweepAction(
  name: string | undefined,
  options: { days: number; json?: boolean },
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const config = readFullConfig(command, io);
  const pipelines = pipelinesNamed(config, name);
  await untilStopped(io, async (signals) => {
    for (const pipeline of pipelines) {
      if (signals.stop.aborted) return;
      const summary = await withContext(config, command, io, `${pipeline.name} sweep`, (context) =>
        sweep(pipeline, context, signals, { days: options.days }),
      );
      if (options.json) {
        io.stdout.write(`${JSON.stringify({ pipeline: pipeline.name, ...summaryJson(summary) })}\n`);
      } else {
        io.stdout.write(`Sweep of ${pipeline.name}: ${summaryText(summary)}`);
      }
      if (somethingFailed(summary) || summary.failures.length > 0) exit(1);
    }
  });
}
