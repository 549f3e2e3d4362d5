import type { Command } from 'commander';
import { type AnswerOptions, answerText, type Format, tableRows } from '../output/answer-text.js';
import { pluralize } from '../../text/pluralize.js';
import { type Io, printAll, resultWidth } from '../setup/io.js';
import { readWarehouseConfig } from '../setup/open-context.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';

export interface QueryOptions {
  format: Format;
  json?: boolean;
  limit?: number;
  all?: boolean;
  maxBytes?: number;
}

/** Runs `sp-reports query`. */
export async function queryAction(
  sql: string,
  options: QueryOptions,
  command: Command,
  io: Io,
): Promise<void> {
  const warehouse = openWarehouse(readWarehouseConfig(command, io), {
    maxBytes: options.maxBytes,
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
    rowsRead: rowsRead !== undefined && Number.isFinite(rowsRead) ? rowsRead : undefined,
  });
}

/** Describes how values are printed, for the help and the reference page. */
export const answerNotes = `Values: With --json, NULL is null, times are ISO 8601 in UTC, lists and structs are arrays and objects, and decimals
and 64-bit integers are strings so that no digit is lost. In csv (UTF-8, lines end with LF), NULL is an empty cell and
an empty text is "". A table shows both as blanks and control characters as escapes such as \\t. On a terminal that is
too narrow for the columns, it shows one value per line.`;
