import { systemClock } from '../runtime/clock.js';
import { Command } from 'commander';
import { type PurgeSummary, purge } from '../maintenance/purge.js';
import { pluralize } from '../text/pluralize.js';
import type { Io } from './setup/io.js';
import { readWarehouseConfig, withContext } from './setup/open-context.js';
import { ageOption } from './setup/options.js';

interface PurgeOptions {
  olderThan: number;
  dryRun?: boolean;
  json?: boolean;
}

/** `sp-reports purge`: removes personal data of old documents from tables, lake and raw. */
export function purgeCommand(io: Io): Command {
  return new Command('purge')
    .description('Removes personal data of buyers from tables, Parquet files and raw documents, for good.')
    .requiredOption(
      '--older-than <age>',
      'minimum age of the report (or of its load, if unknown), such as 30d, 72h or 5w',
      ageOption,
    )
    .option('--dry-run', 'show what would be done, without doing it')
    .option('--json', 'print a JSON object')
    .action(async ({ olderThan, dryRun = false, json }: PurgeOptions, command: Command) => {
      const config = readWarehouseConfig(command, io);
      const before = new Date(systemClock.now() - olderThan).toISOString();
      const summary = await withContext(config, command, io, 'purge', (context) =>
        purge(context, { before, dryRun }),
      );
      io.stdout.write(json ? `${JSON.stringify({ ...summary, dryRun })}\n` : purgeText(summary, dryRun));
    });
}

function purgeText(
  { before, documents, parquetFiles, rawDocuments, removedFiles }: PurgeSummary,
  dryRun: boolean,
): string {
  const verb = dryRun ? 'to be removed' : 'removed';
  const lines = [
    `Reports created before ${before}: personal data ${verb} of ${pluralize(documents.length, 'document')}`,
    `${pluralize(parquetFiles, 'Parquet file')} ${dryRun ? 'to be rewritten' : 'rewritten'}, ${pluralize(rawDocuments, 'raw document')} ${verb}`,
    ...removedFiles.map((path) => `${verb}: ${path}`),
  ];
  return `${lines.join('\n')}\n`;
}
