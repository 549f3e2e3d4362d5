import type { Inspection } from '../types.js';
import type { PostgresServer } from './connection.js';
import { readHolder } from './holder.js';
import { readRelations } from './relations.js';
import { isReportTable } from '../rules/relations.js';
import type { Session } from './session.js';
import { readVersion } from './supported.js';

/**
 * Looks at the server: its version and encoding, whether this user may do all that a commit does,
 * how much the schema takes, and whether a session keeps a table from being changed.
 * Errors: those of `failureRows`, for example POSTGRES_ACCESS_DENIED.
 */
export function inspectServer(server: PostgresServer): Promise<Inspection> {
  return server.work('read', async (session) => {
    const { version, encoding, isSupported } = await session.transaction('read', () => readVersion(session));
    if (!isSupported) {
      return {
        found: `the server has version ${version}, and the database the encoding ${encoding}`,
        next: 'Use PostgreSQL 14 or later, and a database with the encoding UTF8.',
      };
    }
    const problem = await session.transaction('write', () => rightsProblem(session, server));
    if (problem) return problem;
    const { notes, holder } = await session.transaction('read', async () => ({
      notes: await notesOn(session, server),
      holder: await readHolder(session, server, { isIdle: true, minMinutes: 10 }),
    }));
    const found = ['writable', `PostgreSQL ${version}`, ...notes].join('; ');
    if (!holder) return { found };
    return {
      found: `${found}; ${holder}: no column of what it has read can be added or widened until it ends`,
      next: 'End that session, or have its program close its transactions.',
    };
  });
}

/** What this user may not do, if anything. */
async function rightsProblem(session: Session, server: PostgresServer): Promise<Inspection | undefined> {
  const { schema } = server;
  const [row = []] = await session.values(
    `SELECT current_user, EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1),
       has_database_privilege(current_database(), 'CREATE'), has_database_privilege(current_database(), 'TEMP'),
       current_database()`,
    [schema],
  );
  const [user, isThere, mayCreate, mayMakeTemporary, database] = row;
  if (!isThere && !mayCreate) {
    return {
      found: `there is no schema ${schema}, and ${user} may not create it`,
      next: `Run in the database: CREATE SCHEMA "${schema}" AUTHORIZATION "${user}";`,
    };
  }
  if (!mayMakeTemporary) {
    return {
      found: `${user} may not make temporary objects, which histories and the widening of lists need`,
      next: `Run in the database: GRANT TEMPORARY ON DATABASE "${database}" TO "${user}";`,
    };
  }
  if (!isThere) return undefined;
  const [own = []] = await session.values(
    `SELECT has_schema_privilege($1, 'CREATE') AND has_schema_privilege($1, 'USAGE')`,
    [schema],
  );
  if (own[0] !== true) {
    return {
      found: `${user} may not create tables in the schema ${schema}`,
      next: `Run in the database: GRANT USAGE, CREATE ON SCHEMA "${schema}" TO "${user}";`,
    };
  }
  const relations = await readRelations(session, server);
  const tables = [...relations.values()].filter(
    (each) => isReportTable(each) || /^_(loads|rejects)$/.test(each.name),
  );
  const others = await session.values(
    `SELECT c.relname, pg_get_userbyid(c.relowner) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = ANY ($2) AND NOT pg_has_role(c.relowner, 'USAGE') LIMIT 3`,
    [schema, tables.map(({ name }) => name)],
  );
  if (others.length === 0) return undefined;
  const [[, owner] = []] = others;
  return {
    found: `${user} does not own ${others.map(([name]) => name).join(', ')}, and cannot add columns`,
    next: `Run in the database: GRANT "${owner}" TO "${user}";`,
  };
}

async function notesOn(session: Session, server: PostgresServer): Promise<string[]> {
  const [row = []] = await session.values(
    `SELECT pg_size_pretty(COALESCE(SUM(pg_total_relation_size(c.oid)), 0)),
       (SELECT setting FROM pg_settings WHERE name = 'max_connections'),
       (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone')
     FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'm')`,
    [server.schema],
  );
  const [size, connections, zone] = row;
  return [`tables take ${size}`, `at most ${connections} connections`, `other sessions see times in ${zone}`];
}
