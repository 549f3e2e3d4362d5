import { Command, Option } from 'commander';
import { defaultMaxDocumentBytes } from '../config/limits-spec.js';
import { ReportsError } from '../errors/reports-error.js';
import { reload } from '../maintenance/reload.js';
import type { WorkSummary } from '../ingest/work-summary.js';
import type { LedgerFilter, LoadStatus } from '../warehouse/types.js';
import type { Io } from './setup/io.js';
import { readWarehouseConfig, withContext } from './setup/open-context.js';
import { positiveInteger } from './setup/options.js';
import { untilStopped } from './setup/stop-signals.js';
import { somethingFailed, summaryJson, summaryText } from './output/summary.js';

interface ReloadOptions {
  status?: LoadStatus;
  type?: string;
  maxDocumentBytes: number;
  acceptLoss?: boolean;
  json?: boolean;
}

/** `sp-reports reload`: loads documents again, for example after a schema was fixed. */
export function reloadCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('reload')
    .description(
      'Loads documents again from their raw bytes, or from Amazon if there are none. Their old rows are replaced.',
    )
    .argument('[document or table]', 'a document id, a report id, or a table for all of its documents')
    .addOption(
      new Option('--status <status>', 'all documents with this status').choices([
        'quarantined',
        'loaded',
        'empty',
      ]),
    )
    .option('--type <REPORT_TYPE>', 'all documents of this report type')
    .option(
      '--max-document-bytes <number>',
      'maximum gunzipped size',
      positiveInteger,
      defaultMaxDocumentBytes,
    )
    .option(
      '--accept-loss',
      'load documents that have fewer rows than the ledger says, although their bytes may be incomplete',
    )
    .option('--json', 'print a JSON object')
    .action(async (thing: string | undefined, options: ReloadOptions, command: Command) => {
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
      const summary: WorkSummary = { outcomes: {}, committed: [], failures: [] };
      await untilStopped(io, ({ stop, abort }) =>
        withContext(config, command, io, 'reload', async (context) => {
          try {
            for await (const done of reload(filter, context, {
              maxDocumentBytes,
              acceptLoss,
              signal: abort,
            })) {
              const outcome = 'entry' in done ? done.entry.status : 'failed';
              if ('entry' in done) summary.committed.push(done.entry);
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
    });
}
