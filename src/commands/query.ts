import { Command, Option } from 'commander';
import type { QueryResult } from '../warehouse/types.js';
import type { Io } from './io.js';
import { openWarehouse, readWarehouseConfig } from './open-context.js';
import { csvText, textTable } from './text-table.js';

type Format = 'table' | 'csv' | 'json';

/** `sp-reports query`: SQL on the warehouse, read-only. */
export function queryCommand(io: Io): Command {
  return new Command('query')
    .description('Answers an SQL query on the warehouse; it can change nothing.')
    .argument('<sql>', 'one statement, e.g. "SELECT * FROM _loads"')
    .addOption(
      new Option('--format <format>', 'how to print the answer')
        .choices(['table', 'csv', 'json'])
        .default('table'),
    )
    .option('--json', 'the same as --format json: an array of objects')
    .action(async (sql: string, options: { format: Format; json?: boolean }, command: Command) => {
      const config = readWarehouseConfig(command, io);
      const result = await openWarehouse(config).query(sql);
      io.stdout.write(resultText(result, options.json ? 'json' : options.format));
    });
}

/** Prints a query's answer. */
export function resultText({ columns, rows }: QueryResult, format: Format): string {
  if (format === 'json') return `[${rows.map((row) => JSON.stringify(row)).join(',\n ')}]\n`;
  const names = columns.map((column) => column.name);
  const cells = rows.map((row) => names.map((name) => row[name]));
  if (format === 'csv') return csvText(names, cells);
  return `${textTable(names, cells)}${rows.length} ${rows.length === 1 ? 'row' : 'rows'}\n`;
}
