import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from 'pino';
import { describeError } from '../../errors.js';
import type { View } from '../../schema/views.js';
import { type ViewDialect, viewQuery } from '../view-query.js';
import { duckDbType, type Relations } from './catalog.js';
import { firstLine } from './connection.js';
import { identifier, literal, run } from './sql.js';

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
      const there = relations.get(view.name);
      const [, version] = mark.exec(found.get(view.name) ?? '') ?? [];
      if (there && version === undefined) {
        const kind = there.isView ? 'view' : 'table';
        log?.warn({ view: view.name }, `the view was not made: there is a ${kind} of that name already`);
      } else if (version !== query.version) {
        await makeView(connection, view, query, log);
      }
    }
    for (const [name, comment] of found) {
      if (mark.test(comment) && !wanted.has(name)) await run(connection, `DROP VIEW ${identifier(name)}`);
    }
  } catch (error) {
    log?.warn(`making views: ${describeError(error)}`);
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
      `the view was not made: ${firstLine(error)}; see \`sp-reports schemas check\``,
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
