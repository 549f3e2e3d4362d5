import { systemClock } from '../../runtime/clock.js';
import type { Command } from 'commander';
import { type PurgedPart, type PurgeSummary, purge } from '../../maintenance/purge.js';
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
  const verb = dryRun ? 'to be removed' : 'removed';
  const removed: PurgedPart = { documents: [], removedFiles: [] };
  const summary = await withContext(config, command, io, 'purge', (context) =>
    purge(context, {
      before,
      dryRun,
      onPart({ documents, removedFiles }) {
        if (json) {
          removed.documents.push(...documents);
          removed.removedFiles.push(...removedFiles);
        } else for (const path of removedFiles) io.stdout.write(`${verb}: ${path}\n`);
      },
    }),
  );
  io.stdout.write(
    json ? `${JSON.stringify({ ...summary, ...removed, dryRun })}\n` : purgeText(summary, verb, dryRun),
  );
}

function purgeText(
  { before, documents, parquetFiles, rawDocuments }: PurgeSummary,
  verb: string,
  dryRun: boolean,
): string {
  return `Reports created before ${before}: personal data ${verb} of ${pluralize(documents, 'document')}
${pluralize(parquetFiles, 'Parquet file')} ${dryRun ? 'to be rewritten' : 'rewritten'}, ${pluralize(rawDocuments, 'raw document')} ${verb}
`;
}
