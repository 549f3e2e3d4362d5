import { stringify } from 'yaml';
import { asOf, asOfValue, readsAsOf, withAsOf } from '../as-of.js';
import type { ColumnType } from '../types.js';
import type { View, ViewTable } from '../views.js';
import type { ExportColumn, ExportTable } from './tables.js';
import { testsOf } from './dbt.js';

/** How a warehouse spells what the models of the package contain. */
export interface DbtDialect {
  /** The name of the profile's output, such as duckdb. */
  adapter: string;
  identifier(name: string): string;
  type(type: ColumnType): string;
  /** A value that may be a text as one of that type; NULL if it does not fit. */
  tryCast(value: string, type: ColumnType): string;
  /** A column as views see it, if they do not see it as it is. */
  columnOf?(column: string, type: ColumnType): string;
  /** The SQL of a view, with what views write for all warehouses as this one has it. */
  viewSql(sql: string): string;
  /** SQL for the time at which a table was last loaded, by the ledger. */
  loadedAt(table: string, ledger: string): string;
  /** Whether a view keeps the columns of the tables that it reads from being changed. */
  viewsHoldTables: boolean;
}

export interface DbtPackage {
  /** The tables that the warehouse has, or all of them. */
  tables: ExportTable[];
  /** The types of the columns that a table has, as the warehouse spells them, by identifier. */
  columnsOf(table: string): ReadonlyMap<string, string> | undefined;
  views: View[];
  dialect: DbtDialect;
  /** Where the sources are, as keys of dbt: `database` and `schema`. */
  source: { database?: string; schema: string };
  /** profiles.yml: the output of the profile. */
  output: Record<string, unknown>;
  /** After how many hours a table is stale, if its reports come regularly. */
  staleHours(table: string): number | undefined;
  version: string;
}

/**
 * Returns a dbt package by path: sources with freshness from the ledger, a staging model for each
 * table with the types of its report schema, and a mart for each view whose tables are there.
 */
export function dbtPackage(made: DbtPackage): Map<string, string> {
  const { tables, views, dialect, output, version } = made;
  // A table, which is computed again, reads nothing afterwards.
  const materialized = dialect.viewsHoldTables
    ? { staging: { '+materialized': 'ephemeral' }, marts: { '+materialized': 'table' } }
    : { '+materialized': 'view' };
  const names = new Set(tables.map(({ name }) => name));
  const marts = views.filter((view) => isComplete(view, names));
  const files = new Map<string, string>();
  files.set(
    'dbt_project.yml',
    yaml({
      name: 'sp_reports',
      version,
      'config-version': 2,
      'require-dbt-version': '>=1.10.0',
      profile: 'sp_reports',
      'model-paths': ['models'],
      models: { sp_reports: materialized },
    }),
  );
  files.set(
    'profiles.yml',
    yaml({ sp_reports: { target: dialect.adapter, outputs: { [dialect.adapter]: output } } }),
  );
  files.set('models/sources.yml', yaml({ version: 2, sources: [sourceOf(made)] }));
  for (const table of tables)
    files.set(`models/staging/${stagingName(table.name)}.sql`, stagingSql(table, made));
  files.set(
    'models/staging/staging.yml',
    yaml({
      version: 2,
      models: tables.map(({ name, description, columns }) => ({
        name: stagingName(name),
        description,
        columns: columns.map((column) => columnOf(column, dialect)),
      })),
    }),
  );
  for (const view of marts) files.set(`models/marts/${view.name}.sql`, martSql(view, names, made));
  files.set(
    'models/marts/marts.yml',
    yaml({
      version: 2,
      models: marts.map(({ name, description, caveats, columns }) => ({
        name,
        description: [description, caveats].filter(Boolean).join(' '),
        columns,
      })),
    }),
  );
  return files;
}

function stagingName(table: string): string {
  return `stg_sp_reports__${table}`;
}

function isComplete(view: View, tables: ReadonlySet<string>): boolean {
  const isKnown = (each: ViewTable) => isThere(each, tables) || Boolean(each.columns ?? each.view);
  return view.tables.every(
    (group) => group.every(isKnown) && group.some((each) => each.isOptional || isThere(each, tables)),
  );
}

function isThere({ name, view, facts }: ViewTable, tables: ReadonlySet<string>): boolean {
  return facts !== undefined || (view ? isComplete(view, tables) : tables.has(name));
}

function sourceOf(made: DbtPackage): object {
  const { tables, source, dialect, staleHours } = made;
  const ledger = ledgerOf(made);
  return {
    name: 'sp_reports',
    description:
      'Tables of Amazon Selling Partner reports. Freshness comes from the ledger, the table _loads.',
    ...source,
    tables: tables.map(({ name, description }) => {
      const hours = staleHours(name);
      const freshness =
        hours === undefined ? {} : { freshness: { warn_after: { count: hours, period: 'hour' } } };
      return {
        name,
        description,
        config: { ...freshness, loaded_at_query: dialect.loadedAt(name, ledger) },
      };
    }),
  };
}

function columnOf({ name, description, type, filled }: ExportColumn, dialect: DbtDialect): object {
  return { name, description, data_type: dialect.type(type), ...testsOf({ filled }) };
}

/** Every column of the report schema with its type, then those that only the table has. */
function stagingSql({ name, columns }: ExportTable, { columnsOf, dialect }: DbtPackage): string {
  const there = columnsOf(name);
  const lines = columns.map((column) => {
    const own = dialect.identifier(column.name);
    const type = dialect.type(column.type);
    const isMissing = there !== undefined && !there.has(own);
    const isText =
      there?.get(own) === dialect.type({ kind: 'string' }) &&
      !['string', 'json', 'list'].includes(column.type.kind);
    const value = isMissing ? `CAST(NULL AS ${type})` : isText ? dialect.tryCast(own, column.type) : own;
    return `  ${value === own ? own : `${value} AS ${own}`}`;
  });
  const added = addedColumns(columns, there, dialect).map((own) => `  ${own}`);
  return `SELECT\n${[...lines, ...added].join(',\n')}\nFROM {{ source('sp_reports', '${name}') }}\n`;
}

/** The identifiers of those columns of a table that its report schema does not have. */
function addedColumns(
  columns: ExportColumn[],
  there: ReadonlyMap<string, string> = new Map(),
  { identifier }: DbtDialect,
): string[] {
  const known = new Set(columns.map(({ name }) => identifier(name)));
  return [...there.keys()].filter((own) => !known.has(own));
}

function martSql(view: View, tables: ReadonlySet<string>, made: DbtPackage): string {
  const queryOf = (table: ViewTable) => {
    if (!isThere(table, tables)) return emptySql(table, made.dialect);
    return table.columns && readsAsOf(view.sql) ? timedSql(table, made) : presentSql(table, made);
  };
  return `${withSources(view, made.dialect, queryOf)}\n`;
}

function presentSql({ name, view, facts }: ViewTable, made: DbtPackage): string {
  if (facts) return factsSql(facts, made.dialect);
  if (view) return `SELECT * FROM {{ ref('${name}') }}`;
  return `SELECT ${shownColumns(name, made)} FROM {{ ref('${stagingName(name)}') }}`;
}

/** The columns of a staging model as views see them. */
function shownColumns(table: string, { tables, columnsOf, dialect }: DbtPackage): string {
  const { columnOf } = dialect;
  const columns = tables.find(({ name }) => name === table)?.columns;
  if (!columnOf || !columns) return '*';
  const there = columnsOf(table);
  const shown = (own: string, type: ColumnType) => {
    const value = columnOf(own, type);
    return value === own ? own : `${value} AS ${own}`;
  };
  const timestamp: ColumnType = { kind: 'timestamp' };
  return [
    ...columns.map(({ name, type }) => shown(dialect.identifier(name), type)),
    ...addedColumns(columns, there, dialect).map((own) =>
      there?.get(own) === dialect.type(timestamp) ? shown(own, timestamp) : own,
    ),
  ].join(', ');
}

function factsSql(facts: NonNullable<ViewTable['facts']>, { identifier }: DbtDialect): string {
  const rows = facts.map((row) =>
    Object.entries(row).map(([column, text]) => `'${text.replaceAll("'", "''")}' AS ${identifier(column)}`),
  );
  return rows.map((columns) => `SELECT ${columns.join(', ')}`).join('\nUNION ALL ');
}

function timedSql({ name }: ViewTable, made: DbtPackage): string {
  const { dialect } = made;
  const from = withAsOf(`{{ ref('${stagingName(name)}') }}`, ledgerOf(made));
  const shown = shownColumns(name, made);
  const time = dialect.columnOf?.(asOfValue, asOf.type) ?? asOfValue;
  return `SELECT ${shown === '*' ? 'here.*' : shown}, ${time} AS ${asOf.name} FROM ${from}`;
}

function ledgerOf({ source, dialect }: DbtPackage): string {
  return [source.database, source.schema, '_loads']
    .filter(Boolean)
    .map((name) => dialect.identifier(String(name)))
    .join('.');
}

/** No rows, with the columns of a table or a view that is not there. */
function emptySql({ name, columns, view }: ViewTable, dialect: DbtDialect): string {
  if (view)
    return withSources(view, dialect, (table) =>
      table.facts ? factsSql(table.facts, dialect) : emptySql(table, dialect),
    );
  if (!columns) throw new Error(`the columns of ${name} are not known`);
  const nulls = columns.map((each) => {
    const value = `CAST(NULL AS ${dialect.type(each.type)})`;
    return `${dialect.columnOf?.(value, each.type) ?? value} AS ${dialect.identifier(each.name)}`;
  });
  return `SELECT ${nulls.join(', ')} LIMIT 0`;
}

function withSources(view: View, dialect: DbtDialect, queryOf: (table: ViewTable) => string): string {
  const sources = view.tables
    .flat()
    .map((table) => `${dialect.identifier(table.name)} AS (\n${queryOf(table)}\n)`);
  const sql = dialect.viewSql(view.sql);
  // Braces would be Jinja.
  const raw = /[{}]/.test(sql) ? `{% raw %}${sql}{% endraw %}` : sql;
  return `WITH ${[...new Set(sources)].join(',\n')}\nSELECT * FROM (\n${raw}\n) AS answer`;
}

function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}
