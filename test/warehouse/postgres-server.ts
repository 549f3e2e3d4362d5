import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * The PostgreSQL that the tests run on, as a connection URI: `scripts/postgres` starts one and sets
 * it, or the environment names another server.
 */
export const postgresUrl = process.env.POSTGRES_URLS?.split(' ')[0];

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
