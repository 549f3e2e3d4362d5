import { Command, Option } from 'commander';
import { type AnswerOptions, answerText, type Format, tableRows } from './output/answer-text.js';
import { pluralize } from '../text/pluralize.js';
import { type Io, printAll, resultWidth } from './setup/io.js';
import { readWarehouseConfig } from './setup/open-context.js';
import { openWarehouse } from '../warehouse/open-warehouse.js';
import { positiveInteger } from './setup/options.js';

interface QueryOptions {
  format: Format;
  json?: boolean;
  limit?: number;
  all?: boolean;
  maxBytes?: number;
}

/** How values are written, for the help and the reference page. */
export const answerNotes = `Values: with --json NULL is null; decimals and 64-bit integers are strings, so that no digit is lost; times are
ISO 8601 in UTC; lists and structs are arrays and objects. In csv (UTF-8, lines end with LF) NULL is an empty cell
and an empty text is "". A table shows both as blanks, control characters as escapes such as \\t, and on a terminal
that is too narrow for its columns a value a line.`;

/** `sp-reports query`: SQL on the warehouse, read-only. */
export function queryCommand(io: Io): Command {
  return new Command('query')
    .description('Answers an SQL query on the warehouse; it can change nothing.')
    .argument('<SQL>', 'one statement, e.g. "SELECT * FROM _loads"')
    .addOption(
      new Option('--format <format>', 'how to print the answer')
        .choices(['table', 'csv', 'json'])
        .default('table'),
    )
    .addOption(new Option('--json', 'the same as --format json: an array of objects').conflicts(['format']))
    .addOption(
      new Option('--limit <number>', 'print at most so many rows (default: 1000 of a table, else all)')
        .argParser(positiveInteger)
        .conflicts(['all']),
    )
    .option('--all', 'print all rows of a table')
    .option('--max-bytes <number>', 'on BigQuery: refuse a query that would read more', positiveInteger)
    .addHelpText('after', `\n${answerNotes}`)
    .action(async (sql: string, options: QueryOptions, command: Command) => {
      const warehouse = openWarehouse(readWarehouseConfig(command, io), {
        ...(options.maxBytes !== undefined && { maxBytes: options.maxBytes }),
        onEstimate: (bytes) => io.stderr.write(`The query will read ${pluralize(bytes, 'byte')}.\n`),
      });
      const asked: AnswerOptions = {
        format: options.json ? 'json' : options.format,
        limit: options.all ? Number.POSITIVE_INFINITY : options.limit,
        width: resultWidth(io),
      };
      // Of a table the rest is counted.
      const rowsRead = asked.limit ?? (asked.format === 'table' ? tableRows : undefined);
      await warehouse.queryStream(sql, (answer) => printAll(io, answerText(answer, asked)), {
        ...(rowsRead !== undefined && Number.isFinite(rowsRead) && { rowsRead }),
      });
    });
}
