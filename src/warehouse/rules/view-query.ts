import { createHash } from 'node:crypto';
import type { FactRow } from '../../schema/facts.js';
import { asOf, asOfValue, readsAsOf, withAsOf } from '../../schema/as-of.js';
import type { ColumnType } from '../../schema/types.js';
import type { View, ViewTable } from '../../schema/views.js';
import { withLocalDates } from './local-dates.js';
import { isReportTable, type Relation, type Relations } from './relations.js';

/** How a warehouse spells what surrounds a view's own SQL. */
export interface ViewDialect {
  /** The full name of a table; the view's own SQL has the bare one. */
  table(name: string): string;
  identifier(name: string): string;
  type(type: ColumnType): string;
  /** A cast of a text that returns NULL if it does not fit the type. */
  tryCast(text: string, type: ColumnType): string;
  /** SQL for the day that a time in UTC has in a zone, both as SQL. NULL if one of them is. */
  localDate(time: string, zone: string): string;
  /** A column as views see it, if they do not see it as it is. */
  columnOf?(column: string, type: ColumnType): string;
  /** Whether `SELECT * REPLACE` exists. */
  hasReplace: boolean;
  /** The view's own SQL, if the warehouse spells parts of it in another way. */
  ownSql?(sql: string): string;
}

export interface ViewQuery {
  /** The part after CREATE VIEW name AS. */
  sql: string;
  /**
   * Changes with the view's SQL and description, and with the columns of its tables. 20 hexadecimal
   * digits.
   */
  version: string;
}

/**
 * The query of a view on the existing tables; undefined while tables that it needs are missing. The
 * view's own SQL is preceded by what it reads: its tables as their report schemas describe them (a
 * column that no document had yet is NULL, a column widened to text is cast to its type), other
 * views with their own tables, and facts. A missing table that another one replaces, or that is
 * optional, is empty.
 */
export function viewQuery(view: View, relations: Relations, dialect: ViewDialect): ViewQuery | undefined {
  const reading: Reading = { relations, dialect, used: new Map() };
  const sql = queryOf(view, reading);
  if (sql === undefined) return undefined;
  const columns = [...reading.used.values()].map(({ columns: of }) =>
    [...of.values()].map(({ name, typeText }) => [name, typeText]),
  );
  const version = createHash('sha256')
    .update(JSON.stringify([sql, columns, view.description]))
    .digest('hex');
  return { sql, version: version.slice(0, 20) };
}

interface Reading {
  relations: Relations;
  dialect: ViewDialect;
  /** Receives the tables that the query reads. */
  used: Map<string, Relation>;
  /** Whether missing tables count as empty, all of them. */
  isEmpty?: boolean;
}

function queryOf(view: View, reading: Reading): string | undefined {
  const { dialect } = reading;
  const sources = new Map<string, string>();
  for (const group of view.tables) {
    const found = group.map((table) => presentSource(table, view.sql, reading));
    const isMissing = found.every((source) => source === undefined);
    if (isMissing && !reading.isEmpty && !group[0]?.isOptional) return undefined;
    for (const [index, table] of group.entries()) {
      const source = found[index] ?? emptySource(table, dialect);
      if (source === undefined) return undefined;
      sources.set(table.name, source);
    }
  }
  const tables = [...sources].map(([name, source]) => `${dialect.identifier(name)} AS (${source})`);
  const sql = ownViewSql(view.sql, dialect);
  // Before version 16, PostgreSQL demands a name for the query in parentheses.
  return `WITH ${tables.join(',\n')}\nSELECT * FROM (\n${sql}\n) AS answer`;
}

/** The SQL of a view's file as a warehouse spells it. */
export function ownViewSql(
  sql: string,
  { localDate, ownSql }: Pick<ViewDialect, 'localDate' | 'ownSql'>,
): string {
  const local = withLocalDates(sql, localDate);
  return ownSql?.(local) ?? local;
}

/** The query of something that a view reads, as far as it exists. */
function presentSource(table: ViewTable, sql: string, reading: Reading): string | undefined {
  const { relations, dialect, used } = reading;
  if (table.facts) return factsQuery(table.facts, dialect);
  if (table.view) return queryOf(table.view, reading);
  const relation = relations.get(table.name.toLowerCase());
  if (!relation || !isReportTable(relation)) return undefined;
  used.set(table.name, relation);
  return presentTable(table, relation, sql, dialect);
}

function emptySource({ columns, view }: ViewTable, dialect: ViewDialect): string | undefined {
  if (columns) return emptyTable(columns, dialect);
  return view && queryOf(view, { relations: new Map(), dialect, used: new Map(), isEmpty: true });
}

function factsQuery(rows: FactRow[], { identifier }: ViewDialect): string {
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const selects = rows.map((row) =>
    Object.entries(row).map(([name, text]) => `${literal(text)} AS ${identifier(name)}`),
  );
  return selects.map((columns) => `SELECT ${columns.join(', ')}`).join(' UNION ALL ');
}

function presentTable(
  { columns = [] }: ViewTable,
  relation: Relation,
  sql: string,
  dialect: ViewDialect,
): string {
  const { table, identifier, tryCast, columnOf, hasReplace } = dialect;
  const named = columns.filter(({ name }) => new RegExp(`\\b${name}\\b`, 'i').test(sql));
  const hasTime = readsAsOf(sql);
  const missing = named.filter(({ name }) => name !== asOf.name && !relation.columns.has(name.toLowerCase()));
  const wanted = new Map(named.map(({ name, type }) => [name.toLowerCase(), type]));
  const values = [...relation.columns].map(([key, { name, type }]) => {
    const column = identifier(name);
    const wantedType = wanted.get(key);
    const isWidened =
      type?.kind === 'string' && wantedType && !['string', 'json', 'list'].includes(wantedType.kind);
    const own = isWidened ? tryCast(column, wantedType) : column;
    const shown = isWidened ? wantedType : type;
    return { column, value: (shown && columnOf?.(own, shown)) ?? own };
  });
  const replaced = values
    .filter(({ column, value }) => value !== column)
    .map(({ column, value }) => `${value} AS ${column}`);
  const all = hasReplace
    ? [`${hasTime ? 'here.' : ''}*${replaced.length > 0 ? ` REPLACE (${replaced.join(', ')})` : ''}`]
    : values.map(({ column, value }) => (value === column ? column : `${value} AS ${column}`));
  const added = missing.map((column) => nullColumn(column, dialect));
  const from = table(relation.name);
  if (!hasTime) return `SELECT ${[...all, ...added].join(', ')} FROM ${from}`;
  const time = `${columnOf?.(asOfValue, asOf.type) ?? asOfValue} AS ${asOf.name}`;
  return `SELECT ${[...all, ...added, time].join(', ')} FROM ${withAsOf(from, table('_loads'))}`;
}

function emptyTable(columns: NonNullable<ViewTable['columns']>, dialect: ViewDialect): string {
  return `SELECT ${columns.map((column) => nullColumn(column, dialect)).join(', ')} LIMIT 0`;
}

function nullColumn({ name, type }: { name: string; type: ColumnType }, dialect: ViewDialect): string {
  const value = `CAST(NULL AS ${dialect.type(type)})`;
  return `${dialect.columnOf?.(value, type) ?? value} AS ${dialect.identifier(name)}`;
}
