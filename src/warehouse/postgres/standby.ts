import type { Inspection } from '../types.js';
import type { PostgresServer } from './connection.js';
import type { Session } from './session.js';

/** A standby that is this far behind is not what people expect of it. */
export const maxLagSeconds = 300;

/** How far a server is behind the one that it follows. */
interface Lag {
  isStandby: boolean;
  /** At most; undefined if the server cannot tell. */
  seconds: number | undefined;
}

/**
 * Reads how far the server is behind its primary. A standby that has replayed all that it received
 * is not behind while it is connected. Otherwise, its last transaction says how far it may be.
 */
export async function readLag(session: Session): Promise<Lag> {
  const { rows } = await session.run(
    `SELECT pg_is_in_recovery(), CASE
       WHEN NOT pg_is_in_recovery() THEN 0
       WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver)
       THEN 0
       ELSE CEIL(EXTRACT(EPOCH FROM CLOCK_TIMESTAMP() - pg_last_xact_replay_timestamp())) END`,
  );
  const [isStandby, seconds] = rows[0] ?? [];
  return {
    isStandby: isStandby === 't',
    seconds: seconds === null || seconds === undefined ? undefined : Math.max(Number(seconds), 0),
  };
}

/** Looks at the server that queries read from. Errors: those of `failureRows`. */
export async function inspectReader(reader: PostgresServer): Promise<Inspection> {
  const { isStandby, seconds } = await reader.read(readLag);
  if (!isStandby) return { found: `${reader.path} of \`readUrl\` is no standby` };
  const behind = seconds === undefined ? 'an unknown time' : `at most ${seconds} s`;
  const found = `the standby ${reader.path} is ${behind} behind`;
  if (seconds !== undefined && seconds <= maxLagSeconds) return { found };
  return {
    found,
    next: 'Check on the standby that `pg_stat_wal_receiver` has a row, and what its log says. Until then queries, the status page and alarms show old data; without `warehouse.readUrl` they read from the primary.',
  };
}
