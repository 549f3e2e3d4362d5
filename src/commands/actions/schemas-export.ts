import type { Command } from 'commander';
import { historiesOf } from '../../config/histories.js';
import { ReportsError } from '../../errors/reports-error.js';
import { bigQuerySchema } from '../../schema/export/bigquery.js';
import { dbtSources } from '../../schema/export/dbt.js';
import { rowSchema } from '../../schema/export/json-schema.js';
import { exportHistories, type ExportTable, exportTables } from '../../schema/export/tables.js';
import { readViews, type View } from '../../schema/views.js';
import { duckDbType } from '../../warehouse/staging/column-types.js';
import { tableDdl } from '../../warehouse/duckdb/table-sql.js';
import { tableDdl as postgresDdl } from '../../warehouse/postgres/table-sql.js';
import type { Io } from '../setup/io.js';
import { readAllSchemas, readWarehouseConfig, schemaFolders } from '../setup/open-context.js';
import { exportDbtPackage } from './schemas-export-dbt.js';
import { schemaOf } from '../setup/find-named.js';

/** Runs `sp-reports schemas export`. */
export async function schemasExportAction(options: ExportOptions, command: Command, io: Io): Promise<void> {
  const schemas = readAllSchemas(command, io);
  const chosen = options.type ? [schemaOf(schemas, options.type)] : [...schemas.values()];
  const tables = exportTables(chosen);
  if (options.type && tables.length === 0) {
    throw new ReportsError('USAGE', {
      problem: `--type ${options.type}: its schema has no columns to export, because they are taken from each document`,
    });
  }
  const views = options.type ? [] : readViews({ folders: schemaFolders(command, io) }, schemas);
  if (options.output === undefined) {
    const histories = exportHistories(chosen, historiesOf(readWarehouseConfig(command, io).history, schemas));
    io.stdout.write(writers[options.format]({ tables, histories, views }));
    return;
  }
  if (options.format !== 'dbt') throw new ReportsError('USAGE', { problem: '--output is for --format dbt' });
  const made = { tables, views, folder: options.output, all: options.all ?? false };
  await exportDbtPackage(made, readWarehouseConfig(command, io), io);
}

export interface ExportOptions {
  format: ExportFormat;
  type?: string;
  output?: string;
  all?: boolean;
}

interface Exported {
  tables: ExportTable[];
  histories: ExportTable[];
  views: View[];
}

/** The tools that tables are exported for. */
export type ExportFormat = keyof typeof writers;

const writers = {
  bigquery: (exported: Exported) => json(oneOrByName(schemasOf(exported), bigQuerySchema)),
  dbt: ({ tables, histories, views }: Exported) => dbtSources([...tables, ...histories], views, duckDbType),
  jsonschema: (exported: Exported) => json(jsonSchemaOf(schemasOf(exported))),
  ddl: ({ tables, histories }: Exported) => [...tables, ...histories].map(tableDdl).join('\n'),
  postgres: ({ tables, histories }: Exported) => [...tables, ...histories].map(postgresDdl).join('\n'),
};

/** The schema of a single table is printed without its name, which a history would need. */
function schemasOf({ tables, histories }: Exported): ExportTable[] {
  return tables.length === 1 ? tables : [...tables, ...histories];
}

function jsonSchemaOf(tables: ExportTable[]): Record<string, unknown> {
  const $schema = 'http://json-schema.org/draft-07/schema#';
  const [only] = tables;
  return tables.length === 1 && only
    ? { $schema, ...rowSchema(only) }
    : { $schema, definitions: oneOrByName(tables, rowSchema) };
}

function oneOrByName<T>(tables: ExportTable[], write: (table: ExportTable) => T): T | Record<string, T> {
  const [only] = tables;
  return tables.length === 1 && only
    ? write(only)
    : Object.fromEntries(tables.map((table) => [table.name, write(table)]));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
