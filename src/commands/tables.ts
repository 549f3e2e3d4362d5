import { Command } from 'commander';
import { type Io, nothingLoaded } from './io.js';
import { openWarehouse, readWarehouseConfig } from './open-context.js';
import { textTable } from './text-table.js';

/** `sp-reports tables`: what there is to query. */
export function tablesCommand(io: Io): Command {
  return new Command('tables')
    .description('Lists the tables of the warehouse.')
    .option('--json', 'print a JSON array')
    .action(async (options: { json?: boolean }, command: Command) => {
      const tables = await openWarehouse(readWarehouseConfig(command, io)).tables();
      if (options.json) {
        io.stdout.write(`${JSON.stringify(tables, null, 2)}\n`);
        return;
      }
      const cells = tables.map(({ name, reportType, rows, lastLoadedAt }) => [
        name,
        reportType,
        rows,
        lastLoadedAt,
      ]);
      io.stdout.write(
        tables.length > 0 ? textTable(['table', 'report type', 'rows', 'last loaded'], cells) : nothingLoaded,
      );
    });
}
