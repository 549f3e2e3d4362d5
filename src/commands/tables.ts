import { Command } from 'commander';
import { dataGaps } from '../warehouse/data-gaps.js';
import type { Warehouse } from '../warehouse/types.js';
import { type Io, nothingLoaded } from './io.js';
import { openWarehouse, readWarehouseConfig } from './open-context.js';
import { textTable } from './text-table.js';

/** `sp-reports tables`: what there is to query. */
export function tablesCommand(io: Io): Command {
  return new Command('tables')
    .description('Lists the tables of the warehouse.')
    .option(
      '--gaps',
      'list instead the times that no report of a table covers, though earlier and later ones do',
    )
    .option('--json', 'print a JSON array')
    .action(async (options: { gaps?: boolean; json?: boolean }, command: Command) => {
      const warehouse = openWarehouse(readWarehouseConfig(command, io));
      const { list, text } = await (options.gaps ? gapsOf(warehouse) : tablesOf(warehouse));
      io.stdout.write(options.json ? `${JSON.stringify(list, null, 2)}\n` : text);
    });
}

async function tablesOf(warehouse: Warehouse): Promise<{ list: object[]; text: string }> {
  const list = await warehouse.tables();
  const cells = list.map(({ name, reportType, rows, lastLoadedAt }) => [
    name,
    reportType,
    rows,
    lastLoadedAt,
  ]);
  const text = textTable(['table', 'report type', 'rows', 'last loaded'], cells);
  return { list, text: list.length > 0 ? text : nothingLoaded };
}

async function gapsOf(warehouse: Warehouse): Promise<{ list: object[]; text: string }> {
  const loads = await warehouse.loads({ statuses: ['loaded', 'empty', 'cancelled'] });
  const list = dataGaps(loads);
  const cells = list.map(({ table, sellerId, marketplaceId, from, to }) => [
    table,
    sellerId,
    marketplaceId,
    from,
    to,
  ]);
  const text = textTable(['table', 'seller', 'marketplace', 'from', 'to'], cells);
  if (list.length > 0) return { list, text };
  return { list, text: loads.length > 0 ? 'No gaps.\n' : nothingLoaded };
}
