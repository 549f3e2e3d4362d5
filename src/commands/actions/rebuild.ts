import type { Command } from 'commander';
import { pluralize } from '../../text/pluralize.js';
import { historiesOf } from '../../config/histories.js';
import { readConfig, warehouseName } from '../../config/read.js';
import { ReportsError } from '../../errors/reports-error.js';
import { isSame } from '../../maintenance/compare-warehouses.js';
import { type RebuildIntoSummary, rebuildInto } from '../../maintenance/rebuild-into.js';
import { rebuild } from '../../maintenance/rebuild.js';
import { readViews } from '../../schema/views.js';
import { openStaging } from '../../store/staging.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';
import { textTable } from '../output/text-table.js';
import type { Io } from '../setup/io.js';
import { configOptions, readWarehouseConfig, schemaFolders, withContext } from '../setup/open-context.js';

export interface RebuildFlags {
  into?: string;
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
  if (options.into !== undefined) return rebuildIntoAction(options.into, options, command, io, exit);
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
      : `${warehouseName(config)}: ${pluralize(fromLake, 'load')} from the lake, ${fromRaw} from raw documents\n${backup ? `The old file is ${backup}\n` : ''}${problemsText(summary)}`,
  );
  if (lost.length + failures.length > 0) exit(1);
}

/** Runs `sp-reports rebuild --into`. */
async function rebuildIntoAction(
  path: string,
  { maxDocumentBytes, acceptLoss = false, json }: RebuildFlags,
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const config = readWarehouseConfig(command, io);
  const { warehouse: settings } = readConfig({ ...configOptions(command, io), path, tolerateUnset: true });
  const name = warehouseName({ warehouse: settings });
  if (name === warehouseName(config)) {
    throw new ReportsError('USAGE', { problem: `${path} has the same warehouse as ${config.file}: ${name}` });
  }
  const summary = await withContext(config, command, io, 'rebuild', (context) => {
    const { schemas, log, clock } = context;
    const into = { ...config, warehouse: settings };
    const views = readViews({ folders: schemaFolders(command, io) }, schemas);
    const histories = historiesOf(config.history, schemas);
    const opened = { log, clock, schemas, views, histories, staging: openStaging(into) };
    const warehouse = openWarehouse(into, opened);
    return rebuildInto({ warehouse, type: settings.type }, context, { maxDocumentBytes, acceptLoss });
  });
  const { lost, failures, tables } = summary;
  io.stdout.write(json ? `${JSON.stringify(summary)}\n` : intoText(name, summary));
  if (lost.length + failures.length > 0 || !tables.every(isSame)) exit(1);
}

function intoText(name: string, summary: RebuildIntoSummary): string {
  const { fromLake, fromRaw, alreadyThere, tables } = summary;
  const rows = tables.map((each) => [
    each.table,
    each.rows.from,
    each.rows.into,
    isSame(each) ? 'same' : each.columns.length > 0 ? `differs: ${each.columns.join(', ')}` : 'differs',
  ]);
  const differing = tables.filter((each) => !isSame(each)).length;
  return [
    `${name}: ${pluralize(fromLake, 'load')} from the lake, ${fromRaw} from raw documents, ${alreadyThere} already there\n`,
    problemsText(summary),
    textTable(['table', 'rows here', 'rows there', 'compared'], rows),
    differing === 0
      ? 'All tables are the same.\n'
      : `${pluralize(differing, 'table')} differ. Documents that were loaded meanwhile are loaded by running this again.\n`,
  ].join('');
}

function problemsText({ lost, failures }: Pick<RebuildIntoSummary, 'lost' | 'failures'>): string {
  return [
    ...lost.map((key) => `lost: ${key}: neither its Parquet files nor its raw bytes are intact\n`),
    ...failures.map(({ key, message }) => `damaged: ${key}: ${message}\n`),
  ].join('');
}
