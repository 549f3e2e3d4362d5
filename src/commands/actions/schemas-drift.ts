import type { Command } from 'commander';
import { inferType } from '../../parse/values/infer-types.js';
import { type Drift, openDrift, reportableDrift } from '../../warehouse/ledger/drift.js';
import { columnTypeOf } from '../../warehouse/staging/column-types.js';
import { identifier } from '../../warehouse/staging/sql.js';
import type { Warehouse } from '../../warehouse/types.js';
import { type Io, resultWidth } from '../setup/io.js';
import { readAllSchemas, readWarehouseConfig } from '../setup/open-context.js';
import { personalColumns } from '../../schema/personal-data.js';
import type { ReportSchemas } from '../../schema/types.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';
import { type DriftWithValues, driftYaml, withRenames } from './schemas-drift-yaml.js';
import { textTable } from '../output/text-table.js';

export interface DriftOptions {
  type?: string;
  yaml?: boolean;
  json?: boolean;
}

/** Runs `sp-reports schemas drift`. */
export async function schemasDriftAction(options: DriftOptions, command: Command, io: Io): Promise<void> {
  const config = readWarehouseConfig(command, io);
  const warehouse = openWarehouse(config);
  const schemas = readAllSchemas(command, io);
  const open = openDrift(await warehouse.drift(options.type), schemas);
  // The queries for values are in DuckDB's SQL, so BigQuery tables get no examples.
  const hasValues = config.warehouse.type === 'duckdb' && open.some(isAdded);
  const types = hasValues ? await columnTypes(warehouse) : new Map<string, string>();
  const found: DriftWithValues[] = [];
  for (const drift of open) {
    const isPersonal = isPersonalDrift(drift, schemas);
    const values = await valuesOf(drift, types, warehouse);
    found.push({ ...drift, ...values, ...(isPersonal ? { isPersonal, examples: [] } : {}) });
  }
  // Renames need the whole list: the missing column shows that a header is a new name.
  const drifts = reportableDrift(withRenames(found, schemas));
  if (options.json) io.stdout.write(`${JSON.stringify(drifts, null, 2)}\n`);
  else if (options.yaml) io.stdout.write(driftYaml(drifts, schemas));
  else io.stdout.write(drifts.length > 0 ? driftTable(drifts, io) : 'No drift in the loaded documents.\n');
}

/** Reads values from the column of an unknown header. */
async function valuesOf(
  drift: Drift,
  types: Map<string, string>,
  warehouse: Warehouse,
): Promise<Pick<DriftWithValues, 'examples' | 'type'>> {
  const { table, column, header } = drift;
  // The column may have been removed since.
  const typeText = isAdded(drift) ? types.get(columnKey(table, column)) : undefined;
  if (typeText === undefined) return { examples: [] };
  const maxValues = 10_000;
  const { rows } = await warehouse.query(
    `SELECT DISTINCT CAST(${identifier(column)} AS VARCHAR) AS value FROM ${identifier(table)}
     WHERE value <> '' ORDER BY 1 LIMIT ${maxValues}`,
  );
  const isDecimal = typeText.startsWith('DECIMAL');
  const values = rows.map(({ value }) =>
    isDecimal ? String(value).replace(/(?<=\..*)\.?0+$|\.0+$/, '') : String(value),
  );
  const maxExamples = 3;
  const inferred = inferType(header ?? column, values);
  const type = typeText === 'VARCHAR' ? inferred : (columnTypeOf(typeText) ?? inferred);
  return { examples: values.slice(0, maxExamples), type };
}

/** Returns the DuckDB types of all columns, by `columnKey`. */
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

/** Whether an unknown header has personal data, of which no example is shown. */
function isPersonalDrift(drift: Drift, schemas: ReportSchemas): true | undefined {
  const { reportType, table, column, isPersonal } = drift;
  const found = isPersonal ? [column] : [];
  const isOne = personalColumns(schemas.get(reportType), table, [column], found).length > 0;
  return (isAdded(drift) && isOne) || undefined;
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
    drift.isPersonal
      ? 'personal data'
      : (drift.examples.length > 0 ? drift.examples : drift.documentIds).join(', '),
  ]);
  return textTable(head, cells, { width: resultWidth(io), wrap: true });
}

function whatText({ kind, column, header, from, to, mayBe }: DriftWithValues): string {
  if (kind === 'added') return `unknown header ${header}${mayBe ? `, ${mayBe} renamed?` : ''}`;
  return kind === 'missing' ? `no column ${column}` : `${column} widened from ${from} to ${to}`;
}
