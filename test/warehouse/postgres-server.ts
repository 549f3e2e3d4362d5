import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

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

const script = fileURLToPath(new URL('../../scripts/postgres', import.meta.url));

/** Starts a server for a test that stops it again and again. `stop` ends it for good. */
export async function startPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const servers = spawn(script, { stdio: ['pipe', 'pipe', 'inherit'] });
  // It prints all URLs at once.
  const [printed] = await Promise.race([once(servers.stdout, 'data'), once(servers, 'exit')]);
  const [url = ''] = String(printed).split('\n');
  return {
    url,
    async stop() {
      servers.stdin.end();
      await once(servers, 'exit');
    },
  };
}
