import type { PostgresServer } from './connection.js';
import type { Session } from './session.js';

/**
 * Names the other session whose transaction has held a table of the schema for the longest time;
 * undefined if there is none. The user sees only the sessions that PostgreSQL shows it.
 */
export async function readHolder(
  session: Session,
  { schema }: PostgresServer,
  { isIdle, minMinutes }: { isIdle: boolean; minMinutes: number },
): Promise<string | undefined> {
  const [row] = await session.values(
    `SELECT a.pid, a.application_name, a.usename, a.state, CAST(EXTRACT(EPOCH FROM CLOCK_TIMESTAMP() - a.xact_start) AS bigint)
     FROM pg_stat_activity AS a JOIN pg_locks AS l ON l.pid = a.pid AND l.granted
     JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND a.pid <> pg_backend_pid() AND ($2 = FALSE OR a.state LIKE 'idle in transaction%')
       AND a.xact_start <= CLOCK_TIMESTAMP() - MAKE_INTERVAL(mins => $3) ORDER BY a.xact_start LIMIT 1`,
    [schema, isIdle, minMinutes],
  );
  if (!row) return undefined;
  const [pid, application, user, state, seconds] = row;
  const program = String(application ?? '') || 'without a name';
  return `session ${pid} (${program}, user ${user}) has had a transaction open for ${seconds} s, and is ${state}`;
}
