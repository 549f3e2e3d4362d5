import { Command, Option } from 'commander';
import type { ExportFormat, ExportOptions } from './actions/schemas-export.js';
import type { Io } from './setup/io.js';

const formats: ExportFormat[] = ['bigquery', 'dbt', 'jsonschema', 'ddl', 'postgres'];

/** `sp-reports schemas export`: prints table schemas for other tools. */
export function exportCommand(io: Io): Command {
  return new Command('export')
    .description(
      'Prints the tables of the report schemas and their histories for other tools, including the lineage columns: table schemas for BigQuery, sources.yml for dbt (with the views, unless --type is given), the JSON Schema of a row, CREATE TABLE for DuckDB (ddl) and, with indexes, for PostgreSQL (postgres). With --output, dbt is a whole package: sources with freshness from the ledger, staging models, and a model for each view. For a single table, bigquery and jsonschema print its schema without that of its history; for several, the schemas by table name.',
    )
    .addOption(new Option('--format <format>', 'target tool').choices(formats).makeOptionMandatory())
    .option('--type <REPORT_TYPE>', 'only this report type')
    .option('--output <folder>', 'write a dbt package to this folder, with the tables that the warehouse has')
    .option('--all', 'with --output: the tables of every report schema')
    .action(async (options: ExportOptions, command: Command) => {
      const { schemasExportAction } = await import('./actions/schemas-export.js');
      await schemasExportAction(options, command, io);
    });
}
