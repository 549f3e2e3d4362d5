import { randomUUID } from 'node:crypto';

/**
 * The PostgreSQL servers that the tests run on, as connection URIs, the oldest version first:
 * `scripts/postgres` starts them and sets the variable, or it names other servers.
 */
export const postgresUrls = (process.env.POSTGRES_URLS ?? '').split(' ').filter((url) => url !== '');

/** The server of the tests that need only one. */
export const [postgresUrl] = postgresUrls;

/** The name of a schema that does not exist yet. */
export function newSchema(): string {
  return `s${randomUUID().replaceAll('-', '')}`;
}
