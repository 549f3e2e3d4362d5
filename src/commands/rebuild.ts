import { Command } from 'commander';
import { pluralize } from '../text/pluralize.js';
import { defaultMaxDocumentBytes } from '../config/limits-spec.js';
import { warehouseName } from '../config/read.js';
import { rebuild } from '../maintenance/rebuild.js';
import type { Io } from './setup/io.js';
import { readWarehouseConfig, withContext } from './setup/open-context.js';
import { positiveInteger } from './setup/options.js';

interface RebuildFlags {
  maxDocumentBytes: number;
  acceptLoss?: boolean;
  json?: boolean;
}

/** `sp-reports rebuild`: makes the warehouse file again. */
export function rebuildCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('rebuild')
    .description(
      'Makes the warehouse file again from the lake and the raw documents. The old file is kept next to it.',
    )
    .option(
      '--max-document-bytes <number>',
      'maximum gunzipped size',
      positiveInteger,
      defaultMaxDocumentBytes,
    )
    .option(
      '--accept-loss',
      'continue even if documents with rows have neither intact Parquet files nor intact raw bytes',
    )
    .option('--json', 'print a JSON object')
    .action(async (options: RebuildFlags, command: Command) => {
      const config = readWarehouseConfig(command, io);
      const summary = await withContext(config, command, io, 'rebuild', (context) =>
        rebuild(context, {
          maxDocumentBytes: options.maxDocumentBytes,
          acceptLoss: options.acceptLoss ?? false,
        }),
      );
      const { fromLake, fromRaw, lost, failures, backup } = summary;
      io.stdout.write(
        options.json
          ? `${JSON.stringify(summary)}\n`
          : `${warehouseName(config)}: ${pluralize(fromLake, 'load')} from the lake, ${fromRaw} from raw documents\n${backup ? `The old file is ${backup}\n` : ''}${lost
              .map((key) => `lost: ${key}: neither its Parquet files nor its raw bytes are intact\n`)
              .join('')}${failures.map(({ key, message }) => `damaged: ${key}: ${message}\n`).join('')}`,
      );
      if (lost.length + failures.length > 0) exit(1);
    });
}
