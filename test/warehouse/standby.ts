import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.js';

export interface Standby {
  url: string;
  /** Cuts the standby off from its primary, or connects it again. */
  follow(isFollowing: boolean): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a streaming standby of a server of `scripts/postgres`, from a copy of its files. Needs the
 * rights of a superuser, and to read the files of the server.
 */
export async function startStandby(primaryUrl: string): Promise<Standby> {
  const primary = new pg.Client(primaryUrl);
  await primary.connect();
  const value = async (sql: string) =>
    Object.values((await primary.query(sql)).rows[0] as object)[0] as string;
  const data = await value('SHOW data_directory');
  const isOld = Number(await value('SHOW server_version_num')) < 150_000;
  const programs =
    readFileSync(join(data, 'postmaster.opts'), 'utf8').split(' ')[0]?.replaceAll('"', '') ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'standby-'));
  const { uid, gid } = statSync(data);
  const own = join(folder, 'data');
  try {
    await value(
      isOld ? "SELECT pg_start_backup('standby', TRUE, FALSE)" : "SELECT pg_backup_start('standby', TRUE)",
    );
    cpSync(data, own, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !/postmaster\.(pid|opts)$/.test(path),
    });
    const label = await value(
      isOld ? 'SELECT labelfile FROM pg_stop_backup(FALSE)' : 'SELECT labelfile FROM pg_backup_stop(FALSE)',
    );
    writeFileSync(join(own, 'backup_label'), label);
  } finally {
    await primary.end();
  }
  const { username, password, hostname, port } = new URL(primaryUrl);
  const info = `host=${hostname} port=${port} user=${username} password=${password}`;
  writeFileSync(join(own, 'standby.signal'), '');
  appendFileSync(join(own, 'postgresql.conf'), `primary_conninfo = '${info}'\n`);
  const user = process.getuid?.() === 0 ? { uid, gid } : {};
  if ('uid' in user) spawnSync('chown', ['-R', `${uid}:${gid}`, folder]);
  const ownPort = await freePort();
  const server: ChildProcess = spawn(programs, ['-D', own, '-p', String(ownPort)], {
    ...user,
    cwd: folder,
    stdio: 'ignore',
  });
  const url = new URL(primaryUrl);
  url.port = String(ownPort);
  const run = async (sql: string) => {
    const client = new pg.Client(url.href);
    await client.connect();
    try {
      return (await client.query(sql)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  while (
    !existsSync(join(own, 'postmaster.pid')) ||
    (await run('SELECT 1').catch(() => undefined)) === undefined
  ) {
    if (server.exitCode !== null) throw new Error('the standby did not start');
    await sleep(100);
  }
  return {
    url: url.href,
    async follow(isFollowing) {
      await run(`ALTER SYSTEM SET primary_conninfo = '${isFollowing ? info : ''}'`);
      await run('SELECT pg_reload_conf()');
      const isThere = async () => (await run('SELECT 1 FROM pg_stat_wal_receiver')).length > 0;
      while ((await isThere()) !== isFollowing) await sleep(100);
    },
    async stop() {
      server.kill('SIGQUIT');
      await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
