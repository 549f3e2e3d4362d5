import type { PostgresServer } from './connection.js';
import type { Session } from './session.js';

/** How long a commit waits for the one before it, and then for a table that somebody locked. */
const commitWaitMs = 600_000;
const tableWaitMs = 120_000;

/**
 * Waits until no other process commits to the schema. Readers do not wait for it. It ends with the
 * transaction.
 */
export async function lockCommits(session: Session, { schema }: PostgresServer): Promise<void> {
  await session.run(`SET LOCAL lock_timeout = ${commitWaitMs}`);
  await session.run(`SELECT pg_advisory_xact_lock(hashtextextended('sp-reports ' || $1, 0))`, [schema]);
  await session.run(`SET LOCAL lock_timeout = ${tableWaitMs}`);
}
