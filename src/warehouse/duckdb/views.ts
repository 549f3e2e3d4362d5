import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from 'pino';
import { describeError } from '../../errors/reports-error.js';
import type { View } from '../../schema/views.js';
import { notMadeYet, type ViewDialect, viewQuery } from '../rules/view-query.js';
import { duckDbType } from '../staging/column-types.js';
import type { Relations } from '../rules/relations.js';
import { firstLine } from '../staging/errors.js';
import { identifier, literal, run } from '../staging/sql.js';

const dialect: ViewDialect = {
  table: (name) => `main.${identifier(name)}`,
  identifier,
  type: duckDbType,
  tryCast: 'TRY_CAST',
};

/** Ends the comment of each view that was made here, with its version. */
const mark = /\(sp-reports ([0-9a-f]{20})\)$/;

/**
 * Makes the views whose tables are there, makes those anew that would be others by now, and drops those that are no more. Views that somebody
 * else made stay as they are. It never fails: the rows are committed, and a view that can't be made is told of in the log.
 */
export async function refreshViews(
  connection: DuckDBConnection,
  views: View[],
  relations: Relations,
  log?: Logger,
): Promise<void> {
  try {
    const found = await readViewComments(connection);
    const wanted = new Set<string>();
    for (const view of views) {
      const query = viewQuery(view, relations, dialect);
      if (!query) continue;
      wanted.add(view.name);
      const { version, obstacle } = standing(view.name, relations, found);
      if (obstacle) log?.warn({ view: view.name }, `the view was not created: ${obstacle}`);
      else if (version !== query.version) await makeView(connection, view, query, log);
    }
    for (const [name, comment] of found) {
      if (mark.test(comment) && !wanted.has(name)) await run(connection, `DROP VIEW ${identifier(name)}`);
    }
  } catch (error) {
    log?.warn(`creating views: ${describeError(error)}`);
  }
}

/** Of the views whose tables are there those that are not in the file as their own files say, by name, and why. */
export async function viewProblems(
  connection: DuckDBConnection,
  views: View[],
  relations: Relations,
): Promise<Map<string, string>> {
  const found = await readViewComments(connection);
  const problems = new Map<string, string>();
  for (const view of views) {
    const query = viewQuery(view, relations, dialect);
    if (!query) continue;
    const { version, obstacle } = standing(view.name, relations, found);
    if (version === query.version) continue;
    problems.set(view.name, obstacle ?? (await mistakeIn(connection, query.sql)) ?? notMadeYet);
  }
  return problems;
}

/** The version of a view that was made here, or what of another's making has its name. */
function standing(
  name: string,
  relations: Relations,
  comments: Map<string, string>,
): { version?: string; obstacle?: string } {
  const there = relations.get(name);
  const [, version] = mark.exec(comments.get(name) ?? '') ?? [];
  if (version !== undefined) return { version };
  return there ? { obstacle: `there is a ${there.isView ? 'view' : 'table'} of that name already` } : {};
}

async function mistakeIn(connection: DuckDBConnection, sql: string): Promise<string | undefined> {
  try {
    (await connection.prepare(sql)).destroySync();
    return undefined;
  } catch (error) {
    return firstLine(error);
  }
}

/** Drops those of the views of these names, in lower case, that were made here: a table of a report goes before them. Gives whether there were any. */
export async function dropOwnViews(connection: DuckDBConnection, names: string[]): Promise<boolean> {
  if (names.length === 0) return false;
  const found = await readViewComments(connection);
  const own = names.filter((name) => mark.test(found.get(name) ?? ''));
  for (const name of own) await run(connection, `DROP VIEW ${identifier(name)}`);
  return own.length > 0;
}

async function makeView(
  connection: DuckDBConnection,
  { name, description, file }: View,
  { sql, version }: { sql: string; version: string },
  log?: Logger,
): Promise<void> {
  const view = identifier(name);
  await run(connection, 'BEGIN');
  try {
    await run(connection, `CREATE OR REPLACE VIEW ${view} AS ${sql}`);
    await run(connection, `COMMENT ON VIEW ${view} IS ${literal(`${description} (sp-reports ${version})`)}`);
    await run(connection, 'COMMIT');
  } catch (error) {
    await run(connection, 'ROLLBACK');
    log?.warn(
      { view: name, file },
      `the view was not created: ${firstLine(error)}; see \`sp-reports schemas check\``,
    );
  }
}

/** Of each view of the file its comment, by name in lower case. */
async function readViewComments(connection: DuckDBConnection): Promise<Map<string, string>> {
  const rows = await run(
    connection,
    `SELECT lower(view_name), coalesce(comment, '') FROM duckdb_views()
     WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal`,
  );
  return new Map(rows.map(([name, comment]) => [String(name), String(comment)]));
}
