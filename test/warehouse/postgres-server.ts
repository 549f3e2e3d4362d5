import { randomUUID } from 'node:crypto';

/**
 * The PostgreSQL that the tests run on, as a connection URI: `scripts/postgres` starts one and sets
 * it, or the environment names another server.
 */
export const postgresUrl = process.env.POSTGRES_URLS?.split(' ')[0];

/** The name of a schema that does not exist yet. */
export function newSchema(): string {
  return `s${randomUUID().replaceAll('-', '')}`;
}
