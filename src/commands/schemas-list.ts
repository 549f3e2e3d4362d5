import { Command } from 'commander';
import { columnTypeText } from '../schema/column-type.js';
import { defaultTableName } from '../schema/infer.js';
import type { ReportSchema } from '../schema/types.js';
import { schemaOf } from './setup/find-named.js';
import type { Io } from './setup/io.js';
import { readAllSchemas } from './setup/open-context.js';
import { textTable } from './output/text-table.js';

/** `sp-reports schemas list`: lists the report types that have a schema. */
export function listCommand(io: Io): Command {
  return new Command('list')
    .description('Lists the report types that have a schema. All others load too, with inferred columns.')
    .option('--json', 'print a JSON array')
    .action((options: { json?: boolean }, command: Command) => {
      const schemas = [...readAllSchemas(command, io).values()];
      if (options.json) {
        io.stdout.write(`${JSON.stringify(schemas, null, 2)}\n`);
        return;
      }
      const head = ['report type', 'table', 'format', 'load', 'key', 'columns'];
      io.stdout.write(textTable(head, schemas.flatMap(listCells)));
    });
}

/** `sp-reports schemas show`: shows a report schema. */
export function showCommand(io: Io): Command {
  return new Command('show')
    .description('Shows the schema of a report type.')
    .argument('<REPORT_TYPE>')
    .option('--json', 'print a JSON object')
    .action((reportType: string, options: { json?: boolean }, command: Command) => {
      const schema = schemaOf(readAllSchemas(command, io), reportType);
      if (options.json) {
        io.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
        return;
      }
      const { description, file, request, restricted, tables } = schema;
      io.stdout.write(`${reportType}: ${description}\n${file}\n`);
      if (request?.madeBy) io.stdout.write(`Made: ${request.madeBy.join(', ')}\n`);
      if (restricted) io.stdout.write('Its documents require a restricted data token.\n');
      if (tables.length === 0) io.stdout.write(`\n${withoutTables(schema)}\n`);
      for (const table of tables) {
        const { mode, key, why } = table.load;
        io.stdout.write(
          `\nTable ${table.name}, ${mode}${key.length > 0 ? ` by ${key.join(', ')}` : ''}: ${why ?? ''}\n`,
        );
        const cells = table.columns.map((column) => [
          column.name,
          columnTypeText(column.type),
          column.from.join(', '),
          column.description,
        ]);
        io.stdout.write(textTable(['column', 'type', 'from', 'description'], cells));
      }
    });
}

function listCells({ reportType, format, tables }: ReportSchema): unknown[][] {
  if (format === 'raw') return [[reportType, '', format, '', '', 'not parsed']];
  if (tables.length === 0) {
    return [[reportType, defaultTableName(reportType), format, 'append', '', 'inferred']];
  }
  return tables.map(({ name, load, columns }) => [
    reportType,
    name,
    format,
    load.mode,
    load.key.join(', '),
    columns.length,
  ]);
}

function withoutTables({ reportType, format }: ReportSchema): string {
  return format === 'raw'
    ? 'Its documents are kept but not parsed.'
    : `Table ${defaultTableName(reportType)}, append: columns and types are taken from each document.`;
}
