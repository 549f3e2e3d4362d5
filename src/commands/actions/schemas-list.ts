import type { Command } from 'commander';
import { columnTypeText } from '../../schema/column-type.js';
import { defaultTableName } from '../../schema/infer.js';
import { requestFactTexts } from '../../schema/request-facts-text.js';
import type { ReportSchema } from '../../schema/types.js';
import { schemaOf } from '../setup/find-named.js';
import { type Io, resultWidth } from '../setup/io.js';
import { readAllSchemas } from '../setup/open-context.js';
import { textTable } from '../output/text-table.js';

/** Runs `sp-reports schemas list`. */
export function schemasListAction(options: { json?: boolean }, command: Command, io: Io): void {
  const schemas = [...readAllSchemas(command, io).values()];
  if (options.json) {
    io.stdout.write(`${JSON.stringify(schemas, null, 2)}\n`);
    return;
  }
  const head = ['report type', 'table', 'format', 'load', 'key', 'columns', 'made'];
  io.stdout.write(
    textTable(head, schemas.flatMap(listCells), {
      width: resultWidth(io),
      wrap: true,
      skipEmpty: true,
    }),
  );
}

/** Runs `sp-reports schemas show`. */
export function schemasShowAction(
  reportType: string,
  options: { json?: boolean },
  command: Command,
  io: Io,
): void {
  const schema = schemaOf(readAllSchemas(command, io), reportType);
  if (options.json) {
    io.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    return;
  }
  const { description, file, request, restricted, tables } = schema;
  io.stdout.write(`${reportType}: ${description}\n${file}\n`);
  for (const { label, text, source } of request ? requestFactTexts(request) : [])
    io.stdout.write(`${label}: ${text}${source ? ` (${source})` : ''}\n`);
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
    io.stdout.write(
      textTable(['column', 'type', 'from', 'description'], cells, { width: resultWidth(io), wrap: true }),
    );
  }
}

function listCells({ reportType, format, request = { sources: {} }, tables }: ReportSchema): unknown[][] {
  const { ended, madeBy } = request;
  const made = ended ? `ended ${ended}` : madeBy?.join(', ');
  if (format === 'raw') return [[reportType, '', format, '', '', 'not parsed', made]];
  if (tables.length === 0) {
    return [[reportType, defaultTableName(reportType), format, 'append', '', 'inferred', made]];
  }
  return tables.map(({ name, load, columns }) => [
    reportType,
    name,
    format,
    load.mode,
    load.key.join(', '),
    columns.length,
    made,
  ]);
}

function withoutTables({ reportType, format }: ReportSchema): string {
  return format === 'raw'
    ? 'Its documents are kept but not parsed.'
    : `Table ${defaultTableName(reportType)}, append: columns and types are taken from each document.`;
}
