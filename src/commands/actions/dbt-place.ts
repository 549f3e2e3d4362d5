import { userInfo } from 'node:os';
import { readTarget } from '../../config/postgres-url.js';
import type { WarehouseConfig } from '../../config/warehouse-spec.js';
import type { DbtDialect, DbtPackage } from '../../schema/export/dbt-package.js';
import * as bigQueryLedger from '../../warehouse/bigquery/ledger-queries.js';
import * as bigQuery from '../../warehouse/bigquery/views.js';
import * as duckDbLedger from '../../warehouse/duckdb/ledger-queries.js';
import * as duckDb from '../../warehouse/duckdb/views.js';
import * as postgresLedger from '../../warehouse/postgres/ledger-queries.js';
import * as postgres from '../../warehouse/postgres/views.js';
import { ownViewSql, type ViewDialect } from '../../warehouse/rules/view-query.js';

export interface DbtPlace extends Pick<DbtPackage, 'dialect' | 'source' | 'output'> {
  /** The user whose password dbt reads from PGPASSWORD, if the settings have one. */
  userWithPassword?: string;
}

/** Where a dbt package of a warehouse reads and writes, and how its SQL is spelled. */
export function dbtPlace(settings: WarehouseConfig): DbtPlace {
  switch (settings.type) {
    case 'duckdb':
      return duckDbPlace(settings);
    case 'bigquery':
      return bigQueryPlace(settings);
    case 'postgres':
      return postgresPlace(settings);
  }
}

function duckDbPlace({ path }: WarehouseOf<'duckdb'>): DbtPlace {
  const database = 'amazon';
  return {
    dialect: dialectOf('duckdb', duckDb.viewDialect, duckDbLedger.fillsTable),
    source: { database, schema: 'main' },
    output: {
      type: 'duckdb',
      path: 'dbt.duckdb',
      attach: [{ path, alias: database, read_only: true }],
    },
  };
}

function bigQueryPlace({ project, dataset, location, keyFile }: WarehouseOf<'bigquery'>): DbtPlace {
  const login = keyFile ? { method: 'service-account', keyfile: keyFile } : { method: 'oauth' };
  return {
    dialect: dialectOf('bigquery', bigQuery.viewDialect, bigQueryLedger.fillsTable),
    source: { database: project, schema: dataset },
    output: { type: 'bigquery', ...login, project, dataset: `${dataset}_dbt`, location, threads: 4 },
  };
}

function postgresPlace({ url, schema }: WarehouseOf<'postgres'>): DbtPlace {
  const { config, password, sslMode, tls } = readTarget(url);
  const user = config.user ?? userInfo().username;
  const isSystemVerified = tls?.verifies === 'chain and host' && tls.rootCert === undefined;
  return {
    userWithPassword: password === undefined ? undefined : user,
    dialect: {
      ...dialectOf('postgres', postgres.viewDialect, postgresLedger.fillsTable),
      viewsHoldTables: true,
    },
    source: { schema },
    output: {
      type: 'postgres',
      host: config.host ?? 'localhost',
      port: config.port,
      user,
      password: "{{ env_var('PGPASSWORD', '') }}",
      dbname: config.database ?? user,
      schema: `${schema}_dbt`,
      threads: 4,
      sslmode: sslMode,
      // libpq knows no authorities by itself.
      sslrootcert: isSystemVerified ? 'system' : tls?.rootCert,
      sslcert: tls?.cert,
      sslkey: tls?.key,
    },
  };
}

function dialectOf(
  adapter: string,
  view: Omit<ViewDialect, 'table'>,
  fillsTable: (table: string) => string,
): DbtDialect {
  const { identifier, type, tryCast, columnOf } = view;
  return {
    ...{ adapter, identifier, type, tryCast, columnOf },
    viewSql: (sql) => ownViewSql(sql, view),
    loadedAt: (table, ledger) => `SELECT MAX(loaded_at) FROM ${ledger} WHERE ${fillsTable(table)}`,
    viewsHoldTables: false,
  };
}

type WarehouseOf<Type extends WarehouseConfig['type']> = Extract<WarehouseConfig, { type: Type }>;
