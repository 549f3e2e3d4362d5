import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import { until } from '../runtime/until.js';
import { freePort } from './free-port.js';
import { newSchema, postgresUrls } from './postgres-server.js';
import { describeWarehouse } from './warehouse-suite.js';

// The newest one has unusual defaults, which a session without settings would show.
const server = postgresUrls.at(-1);
const hasPooler = spawnSync('pgbouncer', ['--version']).status === 0;

if (server && hasPooler) {
  describe('behind PgBouncer', () => {
    let folder: string;
    let stop = () => {};
    let url = '';
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
      const port = await freePort();
      startPooler(port);
      url = `postgres://postgres@127.0.0.1:${port}/postgres`;
      await until(() => answers(port));
    });
    after(() => {
      stop();
      rmSync(folder, { recursive: true, force: true });
    });

    function startPooler(port: number): void {
      const { hostname, port: serverPort, username, password, pathname } = new URL(server ?? '');
      const settings = [
        '[databases]',
        `postgres = host=${hostname} port=${serverPort} dbname=${pathname.slice(1)} user=${username} password=${password}`,
        '[pgbouncer]',
        'listen_addr = 127.0.0.1',
        `listen_port = ${port}`,
        'unix_socket_dir =',
        'auth_type = any',
        // Few connections, so that clients get each other's.
        'pool_mode = transaction',
        'default_pool_size = 2',
      ];
      const file = join(folder, 'pgbouncer.ini');
      writeFileSync(file, settings.map((line) => `${line}\n`).join(''));
      chmodSync(folder, 0o755);
      chmodSync(file, 0o644);
      // It refuses to run as root.
      const nobody = userInfo().uid === 0 ? { uid: 65_534, gid: 65_534 } : {};
      const pooler = spawn('pgbouncer', ['--quiet', file], { ...nobody, cwd: folder, stdio: 'ignore' });
      stop = () => pooler.kill('SIGINT');
    }

    describeWarehouse(
      'PostgreSQL behind a pool by transaction',
      async () => openPostgresWarehouse({ url, schema: newSchema() }),
      { exampleQuery: 1 },
    );
  });
} else {
  const lacking = server
    ? 'there is no pgbouncer on the path'
    : 'POSTGRES_URLS is not set; see scripts/postgres';
  it(`PostgreSQL behind PgBouncer: pending, as ${lacking}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
