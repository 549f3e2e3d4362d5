import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { defaultMaxDocumentBytes } from '../config/spec.js';
import { ReportsError } from '../errors.js';
import { parseDocument } from '../parse/parse-document.js';
import { columnTypeText } from '../schema/column-type.js';
import { schemaYaml } from '../schema/infer.js';
import { checkSchemas, packagedSchemasFolder, readSchemas } from '../schema/read.js';
import { examineDocument } from '../source/document/examine.js';
import { keepFile } from '../source/document/raw-store.js';
import { formatProblem, nearestName } from '../yaml-problems.js';
import type { Io } from './io.js';
import { readWarehouseConfig } from './open-context.js';
import { textTable } from './text-table.js';

/** `sp-reports schemas list|show|check|infer`. */
export function schemasCommand(io: Io): Command {
  return new Command('schemas')
    .description('Report schemas: how report types become tables.')
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(checkCommand(io))
    .addCommand(inferCommand(io));
}

function foldersOf(command: Command, io: Io): string[] {
  return [packagedSchemasFolder(), readWarehouseConfig(command, io).schemas];
}

function listCommand(io: Io): Command {
  return new Command('list')
    .description('Lists the report types that have a schema; all others load too, with inferred columns.')
    .option('--json', 'print a JSON array')
    .action((options: { json?: boolean }, command: Command) => {
      const schemas = [...readSchemas({ folders: foldersOf(command, io) }).values()].sort((a, b) =>
        a.reportType < b.reportType ? -1 : 1,
      );
      if (options.json) {
        io.stdout.write(`${JSON.stringify(schemas, null, 2)}\n`);
        return;
      }
      const cells = schemas.flatMap((schema) =>
        schema.tables.map((table) => [
          schema.reportType,
          table.name,
          schema.format,
          table.load.mode,
          table.load.key.join(', '),
          table.columns.length,
        ]),
      );
      io.stdout.write(textTable(['report type', 'table', 'format', 'load', 'key', 'columns'], cells));
    });
}

function showCommand(io: Io): Command {
  return new Command('show')
    .description('Shows the schema of a report type.')
    .argument('<REPORT_TYPE>')
    .option('--json', 'print a JSON object')
    .action((reportType: string, options: { json?: boolean }, command: Command) => {
      const schemas = readSchemas({ folders: foldersOf(command, io) });
      const schema = schemas.get(reportType);
      if (!schema) {
        const nearest = nearestName(reportType, [...schemas.keys()]);
        throw new ReportsError('SCHEMA_UNKNOWN', {
          reportType,
          nearest: nearest ? `; did you mean ${nearest}?` : '',
        });
      }
      if (options.json) {
        io.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
        return;
      }
      io.stdout.write(`${schema.reportType}: ${schema.description}\n${schema.file}\n`);
      for (const table of schema.tables) {
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

function checkCommand(io: Io): Command {
  return new Command('check')
    .description('Checks the packaged schemas and those in your schemas folder.')
    .option('--json', 'print a JSON object')
    .action((options: { json?: boolean }, command: Command) => {
      const { schemas, problems } = checkSchemas({ folders: foldersOf(command, io) });
      if (options.json) io.stdout.write(`${JSON.stringify({ schemas: schemas.size, problems })}\n`);
      if (problems.length > 0) {
        throw new ReportsError('SCHEMA_INVALID', {
          count: `${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'}`,
          problems: problems.map(formatProblem).join('\n'),
        });
      }
      if (!options.json) io.stdout.write(`${schemas.size} report schemas, no mistakes\n`);
    });
}

function inferCommand(io: Io): Command {
  return new Command('infer')
    .description('Writes a report schema for a document on stdout, to be looked over and put into schemas/.')
    .argument('<file>', 'a report document')
    .option('--type <REPORT_TYPE>', 'its report type (default: the beginning of the file name)')
    .option('--content-type <TYPE>', "what the download said, e.g. 'text/plain; charset=Cp1252'")
    .action(async (file: string, options: { type?: string; contentType?: string }) => {
      const path = resolve(io.cwd, file);
      const reportType = options.type ?? /^[A-Z][A-Z0-9_]*/.exec(file.split('/').at(-1) ?? '')?.[0];
      if (!reportType)
        throw new ReportsError('USAGE', { problem: `the report type of ${file}: name it with --type` });
      const folder = await mkdtemp(join(tmpdir(), 'sp-reports-'));
      try {
        const raw = await keepFile(folder, path, {
          sellerId: 'local',
          reportType,
          marketplaceIds: [],
          ...(options.contentType ? { contentType: options.contentType } : {}),
        });
        const document = await examineDocument(raw, { maxTextBytes: defaultMaxDocumentBytes });
        const { tables, dialect } = await parseDocument({ document, engine: 'reference' });
        for (const { name, columns } of tables) {
          io.stdout.write(
            schemaYaml({
              reportType,
              format: dialect.delimiter === '\t' ? 'tsv' : 'csv',
              quoting: dialect.quoting ?? 'csv',
              tableName: name,
              columns,
            }),
          );
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    });
}
