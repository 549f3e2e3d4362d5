import { systemClock } from '../../runtime/clock.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { WarehouseConfig } from '../../config/warehouse-spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import { version } from '../../runtime/version.js';
import { type DbtDialect, dbtPackage } from '../../schema/export/dbt-package.js';
import type { ExportTable } from '../../schema/export/tables.js';
import type { View } from '../../schema/views.js';
import { tableFreshness } from '../../status/freshness.js';
import { pluralize } from '../../text/pluralize.js';
import { castType } from '../../warehouse/bigquery/column-types.js';
import { fillsTable } from '../../warehouse/bigquery/ledger-queries.js';
import * as bigQuery from '../../warehouse/bigquery/sql.js';
import { localDate } from '../../warehouse/duckdb/views.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';
import { withLocalDates } from '../../warehouse/rules/local-dates.js';
import { duckDbType } from '../../warehouse/staging/column-types.js';
import * as duckDb from '../../warehouse/staging/sql.js';
import type { Warehouse } from '../../warehouse/types.js';
import type { Io } from '../setup/io.js';

/**
 * Writes a dbt package to a folder: the tables that the warehouse has, or with `all` those of every
 * report schema, and the views on them. Errors: USAGE for a warehouse that the package does not
 * support, or one without tables.
 */
export async function exportDbtPackage(
  { tables, views, folder, all }: { tables: ExportTable[]; views: View[]; folder: string; all: boolean },
  { warehouse: settings }: { warehouse: WarehouseConfig },
  io: Io,
): Promise<void> {
  const where = placeOf(settings);
  const warehouse = openWarehouse({ warehouse: settings });
  const there = new Set((await warehouse.tables()).map(({ name }) => name.toLowerCase()));
  const chosen = all ? tables : tables.filter(({ name }) => there.has(name));
  if (chosen.length === 0) {
    const problem =
      'the warehouse has no table of a report schema yet; --all exports those of every report schema';
    throw new ReportsError('USAGE', { problem });
  }
  const columns = new Map<string, TableColumns>();
  for (const { name } of chosen) {
    if (there.has(name)) columns.set(name, await columnsOf(name, warehouse, where.dialect));
  }
  const overview = await warehouse.overview();
  const stale = tableFreshness(overview?.tables ?? [], systemClock.now());
  const files = dbtPackage({
    ...where,
    tables: chosen,
    views,
    version,
    columnsOf: (table) => columns.get(table),
    staleHours(table) {
      const own = stale
        .filter((each) => each.table === table)
        .flatMap((each) => each.usualIntervalSeconds ?? []);
      return own.length === 0 ? undefined : Math.ceil((3 * Math.max(...own) + 3600) / 3600);
    },
  });
  for (const [path, text] of files) {
    const target = join(resolve(io.cwd, folder), path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  const counts = `${pluralize(chosen.length, 'table')} and ${pluralize([...files.keys()].filter((path) => /^models.marts.*sql$/.test(path)).length, 'view')}`;
  io.stdout.write(`${folder}: a dbt package with ${counts}. Run \`dbt build\` in it.\n`);
}

interface TableColumns {
  names: Set<string>;
  texts: Set<string>;
}

async function columnsOf(
  table: string,
  warehouse: Warehouse,
  { identifier }: DbtDialect,
): Promise<TableColumns> {
  const { columns } = await warehouse.query(`SELECT * FROM ${identifier(table)} WHERE FALSE`);
  const texts = columns.filter(({ type }) => type === 'VARCHAR' || type === 'STRING');
  return {
    names: new Set(columns.map(({ name }) => name.toLowerCase())),
    texts: new Set(texts.map(({ name }) => name.toLowerCase())),
  };
}

function placeOf(settings: WarehouseConfig) {
  if (settings.type === 'duckdb') {
    const database = 'amazon';
    return {
      dialect: duckDbDialect,
      source: { database, schema: 'main' },
      output: {
        type: 'duckdb',
        path: 'dbt.duckdb',
        attach: [{ path: settings.path, alias: database, read_only: true }],
      },
    };
  }
  if (settings.type === 'bigquery') {
    const { project, dataset, location, keyFile } = settings;
    const login = keyFile ? { method: 'service-account', keyfile: keyFile } : { method: 'oauth' };
    return {
      dialect: bigQueryDialect,
      source: { database: project, schema: dataset },
      output: { type: 'bigquery', ...login, project, dataset: `${dataset}_dbt`, location, threads: 4 },
    };
  }
  throw new ReportsError('USAGE', {
    problem: `--output: the dbt package is for DuckDB and BigQuery, not for ${settings.type}`,
  });
}

const duckDbDialect: DbtDialect = {
  adapter: 'duckdb',
  identifier: duckDb.identifier,
  type: duckDbType,
  tryCast: (value, type) => `TRY_CAST(${value} AS ${duckDbType(type)})`,
  viewSql: (sql) => withLocalDates(sql, localDate),
  loadedAt: (table, ledger) =>
    `SELECT max(loaded_at) FROM ${ledger} WHERE list_contains(tables->>'$[*].name', ${duckDb.literal(table)})`,
};

const bigQueryDialect: DbtDialect = {
  adapter: 'bigquery',
  identifier: bigQuery.identifier,
  type: castType,
  tryCast: (value, type) => `SAFE_CAST(${value} AS ${castType(type)})`,
  viewSql: (sql) => withLocalDates(sql, (time, zone) => `DATE(${time}, ${zone})`),
  loadedAt: (table, ledger) => `SELECT max(loaded_at) FROM ${ledger} WHERE ${fillsTable(table)}`,
};
