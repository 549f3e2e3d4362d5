import type { Logger } from 'pino';
import { describeError } from '../../errors/reports-error.js';
import type { ColumnType } from '../../schema/types.js';
import type { View } from '../../schema/views.js';
import * as shared from '../rules/refresh-views.js';
import type { Relations } from '../rules/relations.js';
import type { ViewDialect } from '../rules/view-query.js';
import { castType } from './column-types.js';
import type { PostgresServer } from './connection.js';
import type { Session } from './session.js';
import { identifier, literal } from './sql.js';
import { tryCast } from './try-cast.js';

/** The comment of each view that this program made ends so, with the view's version. */
const mark = /\(sp-reports ([0-9a-f]{20})\)$/;

/** Creates, recreates and drops views of the schema. See `refreshViews` of rules/. */
export function refreshViews(
  session: Session,
  server: PostgresServer,
  views: View[],
  relations: Relations,
  log?: Logger,
): Promise<boolean> {
  return shared.refreshViews(viewStore(session, server, relations), views, relations, log);
}

/** The views that could be made but are missing or outdated, by name, with the reason. */
export function viewProblems(
  session: Session,
  server: PostgresServer,
  views: View[],
  relations: Relations,
): Promise<Map<string, string>> {
  return shared.viewProblems(viewStore(session, server, relations), views, relations);
}

/** Drops views that this program made. */
export async function dropViews(session: Session, server: PostgresServer, names: string[]): Promise<void> {
  for (const name of names) await session.run(`DROP VIEW IF EXISTS ${server.table(name)}`);
}

/** Drops the views of this program that use a table: they keep its columns from being changed. */
export async function dropViewsOn(session: Session, server: PostgresServer, table: string): Promise<void> {
  const { own } = await readReaders(session, server, table);
  await dropViews(session, server, own);
}

/**
 * The views that read a table: those of this program, and those of others, also through other
 * views.
 */
export async function readReaders(
  session: Session,
  server: PostgresServer,
  table: string,
): Promise<{ own: string[]; others: string[] }> {
  const { rows } = await session.run(
    `WITH RECURSIVE readers AS (
       SELECT CAST($1 AS regclass)::oid AS oid
       UNION
       SELECT r.ev_class FROM readers
       JOIN pg_depend AS d ON d.refobjid = readers.oid AND d.classid = CAST('pg_rewrite' AS regclass)
       JOIN pg_rewrite AS r ON r.oid = d.objid
     )
     SELECT n.nspname, c.relname FROM readers
     JOIN pg_class AS c ON c.oid = readers.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE readers.oid <> CAST($1 AS regclass) ORDER BY 1, 2`,
    [server.table(table)],
  );
  const versions = await readVersions(session, server);
  const own: string[] = [];
  const others: string[] = [];
  for (const [schema, name = ''] of rows as string[][]) {
    if (schema === server.schema && versions.has(name.toLowerCase())) own.push(name.toLowerCase());
    else others.push(schema === server.schema ? name : `${schema}.${name}`);
  }
  return { own, others };
}

/** The versions of the views that this program made, by name in lower case. */
export async function readVersions(session: Session, server: PostgresServer): Promise<Map<string, string>> {
  const { rows } = await session.run(
    `SELECT LOWER(c.relname), COALESCE(OBJ_DESCRIPTION(c.oid, 'pg_class'), '') FROM pg_class AS c
     JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'v'`,
    [server.schema],
  );
  return new Map(
    rows.flatMap(([name, comment]) => {
      const version = mark.exec(comment ?? '')?.[1];
      return name && version ? [[name, version] as const] : [];
    }),
  );
}

/** How PostgreSQL spells what surrounds a view's own SQL, but for the names of tables. */
export const viewDialect: Omit<ViewDialect, 'table'> = {
  identifier,
  type: castType,
  tryCast,
  ownSql,
  localDate: (time, zone) => `CAST(((${time}) AT TIME ZONE 'UTC') AT TIME ZONE (${zone}) AS date)`,
  // `CAST(a_time AS DATE)` depends on the time zone of the session that reads the view.
  columnOf: (column, type) => (type.kind === 'timestamp' ? `${column} AT TIME ZONE 'UTC'` : column),
  hasReplace: false,
};

function viewStore(session: Session, server: PostgresServer, relations: Relations): shared.ViewStore {
  return {
    dialect: { ...viewDialect, table: (name) => server.table(name) },
    readVersions: () => session.transaction('read', () => readVersions(session, server)),
    async obstacle(name) {
      const found = relations.get(name);
      return found && `there is a ${found.isView ? 'view' : 'table'} of that name already`;
    },
    make: (made) => makeView(session, server, made),
    drop: (names) => session.transaction('write', () => dropViews(session, server, names)),
    async mistakeIn(sql) {
      try {
        await session.transaction('read', () => session.run(`EXPLAIN ${sql}`));
        return undefined;
      } catch (error) {
        return describeError(error);
      }
    },
    describe: describeError,
    // A session runs one transaction at a time.
    isConcurrent: false,
  };
}

/** The types of PostgreSQL for those names that views may use and PostgreSQL does not know. */
function ownSql(sql: string): string {
  return sql.replace(/\bAS\s+(STRING|FLOAT64|INT64)\s*\)/gi, (_, name: string) => {
    const types: Record<string, ColumnType> = {
      STRING: { kind: 'string' },
      FLOAT64: { kind: 'float64' },
      INT64: { kind: 'int64' },
    };
    return `AS ${castType(types[name.toUpperCase()] as ColumnType)})`;
  });
}

async function makeView(
  session: Session,
  server: PostgresServer,
  { view: { name, description }, query: { sql, version } }: shared.MadeView,
): Promise<void> {
  const view = server.table(name);
  await session.transaction('write', () =>
    session.runAll([
      "SET LOCAL lock_timeout = '3s'",
      // CREATE OR REPLACE refuses a view with other columns.
      `DROP VIEW IF EXISTS ${view}`,
      `CREATE VIEW ${view} AS ${sql}`,
      `COMMENT ON VIEW ${view} IS ${literal(`${description} (sp-reports ${version})`)}`,
    ]),
  );
}
