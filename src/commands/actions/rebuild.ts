import type { Command } from 'commander';
import { pluralize } from '../../text/pluralize.js';
import { warehouseName } from '../../config/read.js';
import { rebuild } from '../../maintenance/rebuild.js';
import type { Io } from '../setup/io.js';
import { readWarehouseConfig, withContext } from '../setup/open-context.js';

export interface RebuildFlags {
  maxDocumentBytes: number;
  acceptLoss?: boolean;
  json?: boolean;
}

/** Runs `sp-reports rebuild`. */
export async function rebuildAction(
  options: RebuildFlags,
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
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
}
