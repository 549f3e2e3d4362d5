import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from 'pino';
import type { View } from '../../schema/views.js';
import * as shared from '../rules/refresh-views.js';
import type { Relations } from '../rules/relations.js';
import type { ViewDialect } from '../rules/view-query.js';
import { duckDbType } from '../staging/column-types.js';
import { firstLine } from '../../errors/duckdb-error.js';
import { identifier, literal, run } from '../staging/sql.js';

/** The comment of each view that this program made ends so, with the view's version. */
const mark = /\(sp-reports ([0-9a-f]{20})\)$/;

/** Creates, recreates and drops views of the file. See `refreshViews` of rules/. */
export function refreshViews(
  connection: DuckDBConnection,
  views: View[],
  relations: Relations,
  log?: Logger,
): Promise<boolean> {
  return shared.refreshViews(viewStore(connection, relations), views, relations, log);
}

/** See `areViewsStale` of rules/. */
export function areViewsStale(
  connection: DuckDBConnection,
  views: View[],
  relations: Relations,
): Promise<boolean> {
  return shared.areViewsStale(viewStore(connection, relations), views, relations);
}

/** The views that could be made but are missing or outdated, by name, with the reason. */
export function viewProblems(
  connection: DuckDBConnection,
  views: View[],
  relations: Relations,
): Promise<Map<string, string>> {
  return shared.viewProblems(viewStore(connection, relations), views, relations);
}

/**
 * Drops those views of these names, in lower case, that this program made: a table of a report has
 * precedence over them. Returns whether there were any.
 */
export async function dropOwnViews(connection: DuckDBConnection, names: string[]): Promise<boolean> {
  if (names.length === 0) return false;
  const versions = await readVersions(connection);
  const own = names.filter((name) => versions.has(name));
  await dropViews(connection, own);
  return own.length > 0;
}

/**
 * The day of a time in UTC in a zone. DuckDB knows zones by its extension icu, which is built in.
 */
export function localDate(time: string, zone: string): string {
  return `CAST(timezone(${zone}, CAST(${time} AS TIMESTAMP) AT TIME ZONE 'UTC') AS DATE)`;
}

/** How DuckDB spells what surrounds a view's own SQL, but for the names of tables. */
export const viewDialect: Omit<ViewDialect, 'table'> = {
  identifier,
  type: duckDbType,
  tryCast: (text, type) => `TRY_CAST(${text} AS ${duckDbType(type)})`,
  hasReplace: true,
  localDate,
};

function viewStore(connection: DuckDBConnection, relations: Relations): shared.ViewStore {
  return {
    dialect: { ...viewDialect, table: (name) => `main.${identifier(name)}` },
    readVersions: () => readVersions(connection),
    async obstacle(name) {
      const found = relations.get(name);
      return found && `there is a ${found.isView ? 'view' : 'table'} of that name already`;
    },
    make: (made) => makeView(connection, made),
    drop: (names) => dropViews(connection, names),
    async mistakeIn(sql) {
      try {
        (await connection.prepare(sql)).destroySync();
        return undefined;
      } catch (error) {
        return firstLine(error);
      }
    },
    describe: firstLine,
    // A connection runs one transaction at a time.
    isConcurrent: false,
  };
}

async function makeView(
  connection: DuckDBConnection,
  { view: { name, description }, query: { sql, version } }: shared.MadeView,
): Promise<void> {
  const view = identifier(name);
  await run(connection, 'BEGIN');
  try {
    await run(connection, `CREATE OR REPLACE VIEW ${view} AS ${sql}`);
    await run(connection, `COMMENT ON VIEW ${view} IS ${literal(`${description} (sp-reports ${version})`)}`);
    await run(connection, 'COMMIT');
  } catch (error) {
    await run(connection, 'ROLLBACK');
    throw error;
  }
}

async function dropViews(connection: DuckDBConnection, names: string[]): Promise<void> {
  for (const name of names) await run(connection, `DROP VIEW ${identifier(name)}`);
}

/** The versions of the views that this program made, by name in lower case. */
export async function readVersions(connection: DuckDBConnection): Promise<Map<string, string>> {
  const rows = await run(
    connection,
    `SELECT lower(view_name), coalesce(comment, '') FROM duckdb_views()
     WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal`,
  );
  return new Map(
    rows.flatMap(([name, comment]) => {
      const version = mark.exec(String(comment))?.[1];
      return version === undefined ? [] : [[String(name), version] as const];
    }),
  );
}
