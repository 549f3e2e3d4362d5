import type { Command } from 'commander';
import { ReportsError } from '../../errors/reports-error.js';
import { reload } from '../../maintenance/reload.js';
import { addCommitted, emptySummary } from '../../ingest/work-summary.js';
import type { LedgerFilter, LoadStatus } from '../../warehouse/types.js';
import type { Io } from '../setup/io.js';
import { readWarehouseConfig, withContext } from '../setup/open-context.js';
import { untilStopped } from '../setup/stop-signals.js';
import { somethingFailed, summaryJson, summaryText } from '../output/summary.js';

export interface ReloadOptions {
  status?: LoadStatus;
  type?: string;
  maxDocumentBytes: number;
  acceptLoss?: boolean;
  json?: boolean;
}

/** Runs `sp-reports reload`. */
export async function reloadAction(
  thing: string | undefined,
  options: ReloadOptions,
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  if (!thing && !options.status && !options.type) {
    throw new ReportsError('USAGE', {
      problem: 'reload what? Name a document or a table, or use --status or --type.',
    });
  }
  const filter: LedgerFilter = {
    documentOrTable: thing,
    statuses: options.status && [options.status],
    reportType: options.type,
  };
  const config = readWarehouseConfig(command, io);
  const { maxDocumentBytes, acceptLoss = false } = options;
  const summary = emptySummary();
  await untilStopped(io, ({ stop, abort }) =>
    withContext(config, command, io, 'reload', async (context) => {
      try {
        for await (const done of reload(filter, context, {
          maxDocumentBytes,
          acceptLoss,
          signal: abort,
        })) {
          const outcome = 'entry' in done ? done.entry.status : 'failed';
          if ('entry' in done) addCommitted(summary, done.entry);
          else summary.failures.push(done.failure);
          summary.outcomes[outcome] = (summary.outcomes[outcome] ?? 0) + 1;
          if (stop.aborted) return;
        }
      } catch (error) {
        if (!abort.aborted) throw error;
      }
    }),
  );
  io.stdout.write(
    options.json ? `${JSON.stringify(summaryJson(summary))}\n` : `Reload: ${summaryText(summary)}`,
  );
  if (somethingFailed(summary)) exit(1);
}
