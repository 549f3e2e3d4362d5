import { resolve } from 'node:path';
import { Command } from 'commander';
import { inspectParquet } from '../parquet/inspect-parquet.js';
import type { Io } from './io.js';
import { textTable } from './text-table.js';

/** `sp-reports inspect`: what is in a Parquet file. */
export function inspectCommand(io: Io): Command {
  return new Command('inspect')
    .description('Shows what is in a Parquet file: columns, row groups, metadata and the first rows.')
    .argument('<file>', 'a Parquet file, of the lake or any other')
    .option('--json', 'print a JSON object')
    .action(async (file: string, options: { json?: boolean }) => {
      const found = await inspectParquet(resolve(io.cwd, file));
      if (options.json) {
        io.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
        return;
      }
      const { rows, rowGroups, bytes, createdBy, metadata, columns, sample } = found;
      const names = columns.map((column) => column.name);
      io.stdout.write(
        `${file}: ${rows} rows in ${rowGroups} row groups, ${bytes} bytes, written by ${createdBy}\n`,
      );
      for (const [key, value] of Object.entries(metadata)) io.stdout.write(`  ${key}: ${value}\n`);
      const facts = columns.map((column) => [
        column.name,
        column.physicalType,
        column.logicalType,
        column.nullable ? 'yes' : 'no',
      ]);
      io.stdout.write(`\n${textTable(['column', 'stored as', 'type', 'nullable'], facts)}`);
      const rowCells = sample.map((row) => names.map((name) => row[name]));
      io.stdout.write(`\nFirst rows\n${textTable(names, rowCells)}`);
    });
}
