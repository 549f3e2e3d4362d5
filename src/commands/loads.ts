import { Command, Option } from 'commander';
import type { LedgerFilter, LoadStatus } from '../warehouse/types.js';
import { type Io, nothingLoaded, resultWidth } from './setup/io.js';
import { readWarehouseConfig } from './setup/open-context.js';
import { openWarehouse } from '../warehouse/open-warehouse.js';
import { positiveInteger } from './setup/options.js';
import { textTable } from './output/text-table.js';

const statuses: LoadStatus[] = ['loaded', 'empty', 'quarantined', 'fatal', 'cancelled', 'skipped'];

interface LoadsOptions {
  status?: LoadStatus;
  type?: string;
  seller?: string;
  limit: number;
  json?: boolean;
}

/** `sp-reports loads`: lists the ledger. */
export function loadsCommand(io: Io): Command {
  return new Command('loads')
    .description('Lists the ledger: the outcome of each document, newest first.')
    .argument('[document or table]', 'only this document, report or table')
    .addOption(new Option('--status <status>', 'only this status').choices(statuses))
    .option('--type <REPORT_TYPE>', 'only this report type')
    .option('--seller <ID>', 'only this seller')
    .option('--limit <number>', 'maximum number of documents', positiveInteger, 50)
    .option('--json', 'print a JSON array with all columns of the ledger')
    .action(async (thing: string | undefined, options: LoadsOptions, command: Command) => {
      const filter: LedgerFilter = {
        documentOrTable: thing,
        statuses: options.status && [options.status],
        reportType: options.type,
        sellerId: options.seller,
        limit: options.limit,
      };
      const warehouse = openWarehouse(readWarehouseConfig(command, io));
      const rows = await warehouse.loads(filter);
      if (options.json) {
        io.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
        return;
      }
      if (rows.length === 0) {
        const isEmpty = (await warehouse.loads({ limit: 1 })).length === 0;
        io.stdout.write(isEmpty ? nothingLoaded : 'No document in the ledger matches.\n');
        return;
      }
      io.stdout.write(
        textTable(
          [
            'loaded',
            'status',
            'report type',
            'seller',
            'document or report',
            'rows',
            'rejects',
            'warnings',
            'why',
          ],
          rows.map((row) => [
            row.loadedAt.slice(0, 19),
            row.status,
            row.reportType,
            row.sellerId,
            row.documentId ?? row.reportId ?? row.key,
            row.tables.reduce((sum, table) => sum + table.rows, 0),
            row.rejects,
            row.warnings.length,
            row.reason ?? [...row.warnings.map(({ message }) => message), ...row.notes].join('; '),
          ]),
          { width: resultWidth(io) },
        ),
      );
    });
}
