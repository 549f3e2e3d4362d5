import { Command, Option } from 'commander';
import type { QueryOptions } from './actions/query.js';
import type { Io } from './setup/io.js';
import { positiveInteger } from './setup/options.js';

/** Describes how values are printed, for the help and the reference page. */
export const answerNotes = `Values: With --json, NULL is null, times are ISO 8601 in UTC, lists and structs are arrays and objects, and decimals
and 64-bit integers are strings so that no digit is lost. In csv (UTF-8, lines end with LF), NULL is an empty cell and
an empty text is "". A table shows both as blanks and control characters as escapes such as \\t. On a terminal that is
too narrow for the columns, it shows one value per line. In parquet, columns have their types; lists, structs and JSON
are JSON text. In xlsx, a number with more than 15 digits is text, because Excel would round it; dates are dates, times
are in UTC.`;

/** `sp-reports query`: runs read-only SQL on the warehouse. */
export function queryCommand(io: Io): Command {
  return new Command('query')
    .description('Runs a read-only SQL query on the warehouse.')
    .argument('[SQL]', 'one statement, such as "SELECT * FROM _loads"; - reads it from standard input')
    .option('--file <file>', 'a file with the statement')
    .addOption(
      new Option(
        '--format <format>',
        'format of the result (default: the one that the name of the output file ends in, otherwise table)',
      ).choices(['table', 'csv', 'json', 'md', 'parquet', 'xlsx']),
    )
    .option('--output <file>', 'a file for the result, instead of standard output')
    .addOption(new Option('--json', 'the same as --format json: an array of objects').conflicts(['format']))
    .addOption(
      new Option(
        '--limit <number>',
        'maximum number of rows to print (default: 1000 with the format table, otherwise all)',
      )
        .argParser(positiveInteger)
        .conflicts(['all']),
    )
    .option('--all', 'print all rows of a table')
    .option('--max-bytes <number>', 'on BigQuery: refuse a query that would read more bytes', positiveInteger)
    .addHelpText('after', `\n${answerNotes}`)
    .action(async (sql: string | undefined, options: QueryOptions, command: Command) => {
      const { queryAction } = await import('./actions/query.js');
      await queryAction(sql, options, command, io);
    });
}
