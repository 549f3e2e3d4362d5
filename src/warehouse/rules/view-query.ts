import { createHash } from 'node:crypto';
import type { ColumnType } from '../../schema/types.js';
import type { View, ViewTable } from '../../schema/views.js';
import { isReportTable, type Relation, type Relations } from './relations.js';

/** How a warehouse spells what surrounds a view's own SQL. */
export interface ViewDialect {
  /** The full name of a table; the view's own SQL has the bare one. */
  table(name: string): string;
  identifier(name: string): string;
  type(type: ColumnType): string;
  /** A cast of a text that returns NULL if it does not fit the type. */
  tryCast(text: string, type: ColumnType): string;
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
 * view's own SQL is preceded by its tables as their report schemas describe them: a column that no
 * document had yet is NULL, a column widened to text is cast to its type, and a missing table that
 * another one replaces is empty.
 */
export function viewQuery(view: View, relations: Relations, dialect: ViewDialect): ViewQuery | undefined {
  const present = ({ name }: ViewTable) => {
    const relation = relations.get(name.toLowerCase());
    return relation && isReportTable(relation) ? relation : undefined;
  };
  if (view.tables.some((group) => !group.some(present))) return undefined;
  const used: Relation[] = [];
  const tables: string[] = [];
  for (const table of view.tables.flat()) {
    const relation = present(table);
    const source = relation
      ? presentTable(table, relation, view.sql, dialect)
      : table.columns && emptyTable(table.columns, dialect);
    if (source === undefined) return undefined;
    if (relation) used.push(relation);
    tables.push(`${dialect.identifier(table.name)} AS (${source})`);
  }
  const own = dialect.ownSql?.(view.sql) ?? view.sql;
  // Before version 16, PostgreSQL demands a name for the query in parentheses.
  const sql = `WITH ${tables.join(',\n')}\nSELECT * FROM (\n${own}\n) AS answer`;
  const columns = used.map(({ columns: of }) =>
    [...of.values()].map(({ name, typeText }) => [name, typeText]),
  );
  const version = createHash('sha256')
    .update(JSON.stringify([sql, columns, view.description]))
    .digest('hex');
  return { sql, version: version.slice(0, 20) };
}

function presentTable(
  { columns = [] }: ViewTable,
  relation: Relation,
  sql: string,
  dialect: ViewDialect,
): string {
  const { table, identifier, tryCast, columnOf, hasReplace } = dialect;
  const named = columns.filter(({ name }) => new RegExp(`\\b${name}\\b`, 'i').test(sql));
  const missing = named.filter(({ name }) => !relation.columns.has(name.toLowerCase()));
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
    ? [`*${replaced.length > 0 ? ` REPLACE (${replaced.join(', ')})` : ''}`]
    : values.map(({ column, value }) => (value === column ? column : `${value} AS ${column}`));
  const added = missing.map((column) => nullColumn(column, dialect));
  return `SELECT ${[...all, ...added].join(', ')} FROM ${table(relation.name)}`;
}

function emptyTable(columns: NonNullable<ViewTable['columns']>, dialect: ViewDialect): string {
  return `SELECT ${columns.map((column) => nullColumn(column, dialect)).join(', ')} LIMIT 0`;
}

function nullColumn({ name, type }: { name: string; type: ColumnType }, dialect: ViewDialect): string {
  const value = `CAST(NULL AS ${dialect.type(type)})`;
  return `${dialect.columnOf?.(value, type) ?? value} AS ${dialect.identifier(name)}`;
}
