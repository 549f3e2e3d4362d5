import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkOutput, formatOf, writeAnswer } from '../output/answer-output.js';
import { type AnswerOptions, type Format, tableRows } from '../output/answer-text.js';
import { pluralize } from '../../text/pluralize.js';
import { readSql } from '../setup/read-sql.js';
import { type Io, printAll, resultWidth } from '../setup/io.js';
import { readAllSchemas, readWarehouseConfig } from '../setup/open-context.js';
import { openProgress } from '../setup/progress.js';
import { refreshOwnViews } from '../../runs/refresh-own-views.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';

export interface QueryOptions {
  file?: string;
  format?: Format;
  output?: string;
  json?: boolean;
  limit?: number;
  all?: boolean;
  maxBytes?: number;
}

/** Runs `sp-reports query`. */
export async function queryAction(
  given: string | undefined,
  options: QueryOptions,
  command: Command,
  io: Io,
): Promise<void> {
  const format = options.json ? 'json' : formatOf(options.format, options.output);
  const output = options.output && resolve(io.cwd, options.output);
  checkOutput(format, output, io.stdout.isTTY ?? false);
  const sql = await readSql(given, options.file, io);
  const config = readWarehouseConfig(command, io);
  const { log } = openProgress(io, { title: 'query', logLevel: 'warn' });
  const warehouse = openWarehouse(config, {
    log,
    maxBytes: options.maxBytes,
    isPreemptible: true,
    onOldAnswer: (seconds) =>
      io.stderr.write(
        `warning: the answer may be old: the standby is ${seconds === undefined ? 'an unknown time' : `up to ${seconds} s`} behind\n`,
      ),
    onEstimate: (bytes) => io.stderr.write(`The query will read ${pluralize(bytes, 'byte')}.\n`),
  });
  if (existsSync(join(config.schemas, 'views'))) {
    await refreshOwnViews({ config, schemas: readAllSchemas(command, io), warehouse, log });
  }
  const asked: AnswerOptions = {
    format,
    limit: options.all ? Number.POSITIVE_INFINITY : options.limit,
    width: output === undefined ? resultWidth(io) : undefined,
  };
  // Of a table the rest is counted.
  const rowsRead = asked.limit ?? (asked.format === 'table' ? tableRows : undefined);
  await warehouse.queryStream(
    sql,
    (answer) => writeAnswer(answer, asked, output, (pieces) => printAll(io, pieces)),
    {
      rowsRead: rowsRead !== undefined && Number.isFinite(rowsRead) ? rowsRead : undefined,
    },
  );
}
