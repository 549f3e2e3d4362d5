import { systemClock } from '../../runtime/clock.js';
import type { Command } from 'commander';
import { type PurgeSummary, purge } from '../../maintenance/purge.js';
import { pluralize } from '../../text/pluralize.js';
import type { Io } from '../setup/io.js';
import { readWarehouseConfig, withContext } from '../setup/open-context.js';

export interface PurgeOptions {
  olderThan: number;
  dryRun?: boolean;
  json?: boolean;
}

/** Runs `sp-reports purge`. */
export async function purgeAction(
  { olderThan, dryRun = false, json }: PurgeOptions,
  command: Command,
  io: Io,
): Promise<void> {
  const config = readWarehouseConfig(command, io);
  const before = new Date(systemClock.now() - olderThan).toISOString();
  const summary = await withContext(config, command, io, 'purge', (context) =>
    purge(context, { before, dryRun }),
  );
  io.stdout.write(json ? `${JSON.stringify({ ...summary, dryRun })}\n` : purgeText(summary, dryRun));
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
