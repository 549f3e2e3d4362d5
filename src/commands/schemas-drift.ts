import { Command, Option } from 'commander';
import { inferType } from '../parse/infer-types.js';
import { looseHeader } from '../schema/column-name.js';
import { columnsYaml } from '../schema/infer.js';
import type { ColumnType, ReportSchema, ReportSchemas } from '../schema/types.js';
import { collectDrift, type Drift } from '../warehouse/drift.js';
import { columnTypeOf } from '../warehouse/duckdb/catalog.js';
import { identifier } from '../warehouse/duckdb/sql.js';
import type { Warehouse } from '../warehouse/types.js';
import { type Io, resultWidth } from './io.js';
import { openWarehouse, readAllSchemas, readWarehouseConfig } from './open-context.js';
import { textTable } from './text-table.js';

interface DriftOptions {
  type?: string;
  yaml?: boolean;
  json?: boolean;
}

/** Drift, with what the table holds in a column that was added. */
interface DriftWithValues extends Drift {
  /** Different values of the column. */
  examples: string[];
  /** The narrowest type that holds the values looked at. */
  type?: ColumnType;
}

/** `sp-reports schemas drift`. */
export function driftCommand(io: Io): Command {
  return new Command('drift')
    .description(
      'Tells where loaded documents had headers that their schema does not know, lacked columns, or made a column of the table wider.',
    )
    .option('--type <REPORT_TYPE>', 'only this report type')
    .option('--json', 'print a JSON array')
    .addOption(
      new Option('--yaml', 'print the column lines by which schemas know the headers').conflicts(['json']),
    )
    .action(async (options: DriftOptions, command: Command) => {
      const warehouse = openWarehouse(readWarehouseConfig(command, io));
      const schemas = readAllSchemas(command, io);
      const loads = await warehouse.loads(options.type ? { reportType: options.type } : {});
      const open = collectDrift(loads).filter((drift) => !isAdopted(drift, schemas.get(drift.reportType)));
      const types = open.some(isAdded) ? await columnTypes(warehouse) : new Map<string, string>();
      const drifts: DriftWithValues[] = [];
      for (const drift of open) drifts.push({ ...drift, ...(await valuesOf(drift, types, warehouse)) });
      if (options.json) io.stdout.write(`${JSON.stringify(drifts, null, 2)}\n`);
      else if (options.yaml) io.stdout.write(yamlOf(drifts, schemas));
      else
        io.stdout.write(drifts.length > 0 ? driftTable(drifts, io) : 'No drift in the loaded documents.\n');
    });
}

/** Whether the schema knows the header by now. */
function isAdopted({ kind, table, header }: Drift, schema: ReportSchema | undefined): boolean {
  const columns = schema?.tables.find(({ name }) => name === table)?.columns ?? [];
  const spellings = new Set(columns.flatMap(({ from, name }) => [...from, name].map(looseHeader)));
  return kind === 'added' && header !== undefined && spellings.has(looseHeader(header));
}

/** What stands in the column of an unknown header, in the rows that are there. */
async function valuesOf(
  drift: Drift,
  types: Map<string, string>,
  warehouse: Warehouse,
): Promise<Pick<DriftWithValues, 'examples' | 'type'>> {
  const { table, column, header } = drift;
  // A column that is gone by now has none.
  const typeText = isAdded(drift) ? types.get(columnKey(table, column)) : undefined;
  if (typeText === undefined) return { examples: [] };
  const mostValues = 10_000;
  const { rows } = await warehouse.query(
    `SELECT DISTINCT CAST(${identifier(column)} AS VARCHAR) AS value FROM ${identifier(table)}
     WHERE value <> '' ORDER BY 1 LIMIT ${mostValues}`,
  );
  const values = rows.map(({ value }) => String(value));
  const mostExamples = 3;
  const inferred = inferType(header ?? column, values);
  const type = typeText === 'VARCHAR' ? inferred : (columnTypeOf(typeText) ?? inferred);
  return { examples: values.slice(0, mostExamples), type };
}

/** The types of all columns as DuckDB has them, by `columnKey`. */
async function columnTypes(warehouse: Warehouse): Promise<Map<string, string>> {
  const { rows } = await warehouse.query(
    `SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main'`,
  );
  return new Map(
    rows.map((row) => [columnKey(String(row.table_name), String(row.column_name)), String(row.data_type)]),
  );
}

function columnKey(table: string, column: string): string {
  return JSON.stringify([table, column]);
}

function isAdded({ kind }: Drift): boolean {
  return kind === 'added';
}

function driftTable(drifts: DriftWithValues[], io: Io): string {
  const head = ['report type', 'table', 'what', 'documents', 'first seen', 'last seen', 'examples'];
  const cells = drifts.map((drift) => [
    drift.reportType,
    drift.table,
    whatText(drift),
    `${drift.documents} of ${drift.ofDocuments}`,
    drift.firstSeenAt.slice(0, 10),
    drift.lastSeenAt.slice(0, 10),
    (drift.examples.length > 0 ? drift.examples : drift.documentIds).join(', '),
  ]);
  return textTable(head, cells, { width: resultWidth(io) });
}

function whatText({ kind, column, header, from, to }: Drift): string {
  if (kind === 'added') return `unknown header ${header}`;
  return kind === 'missing' ? `no column ${column}` : `${column} widened from ${from} to ${to}`;
}

/** For each table the lines to add under its `columns`. */
function yamlOf(drifts: DriftWithValues[], schemas: ReportSchemas): string {
  const added = drifts.filter(isAdded);
  const parts = [...new Set(added.map(({ table }) => table))].flatMap((table) => {
    const ofTable = added.filter((drift) => drift.table === table);
    const reportType = ofTable[0]?.reportType ?? '';
    const columns = newColumns(ofTable);
    const where = `# ${reportType}: to add under columns of table ${table} in ${schemas.get(reportType)?.file}\n`;
    return columns.length > 0 ? where + columnsYaml(columns) : [];
  });
  if (parts.length === 0) return '# No headers that the schemas do not know.\n';
  return `# Check the types. A file in your own schemas folder goes before the packaged one: copy that, then add the lines.
# After that: sp-reports reload --type REPORT_TYPE; and sp-reports rebuild, for columns to get a narrower type than string.
${parts.join('')}`;
}

/** A column for each header; a nameless one, and one that repeats in its document, have no name a schema could know them by. */
function newColumns(added: DriftWithValues[]): { name: string; from: string; type: ColumnType }[] {
  const seen = new Set<string>();
  return added.flatMap(({ column, header = column, type = { kind: 'string' } }) => {
    const loose = looseHeader(header);
    if (loose === '' || seen.has(loose)) return [];
    seen.add(loose);
    return { name: column, from: header, type };
  });
}
