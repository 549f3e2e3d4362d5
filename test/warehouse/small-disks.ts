import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.js';

/** A PostgreSQL server with its tables on one small disk, and its log of writes on another. */
export interface SmallDisks {
  url: string;
  /** Fills a disk up to this many bytes. */
  fill(disk: Disk, leftBytes: number): void;
  makeRoom(disk: Disk): void;
  /** What the server has logged. */
  log(): string;
  stop(): Promise<void>;
}

export type Disk = 'tables' | 'wal';

const megabytes: Record<Disk, number> = { tables: 96, wal: 48 };

/** Why there can be no small disks here; undefined if there can be. */
export function whyNoSmallDisks(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root of Linux may mount a small disk';
  const folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  if (status === 0) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
  return status === 0 ? undefined : 'mounting a small disk is not allowed here';
}

/** Starts a server of the version of another one, which is started again whenever it ends. */
export async function startOnSmallDisks(otherUrl: string): Promise<SmallDisks> {
  const other = new pg.Client(otherUrl);
  await other.connect();
  const { rows } = await other.query<{ data_directory: string }>('SHOW data_directory');
  await other.end();
  const otherData = rows[0]?.data_directory ?? '';
  const server =
    readFileSync(join(otherData, 'postmaster.opts'), 'utf8').split(' ')[0]?.replaceAll('"', '') ?? '';
  const { uid, gid } = statSync(otherData);
  const folder = mkdtempSync(join(tmpdir(), 'small-disks-'));
  chownSync(folder, uid, gid);
  const pathOf = (disk: Disk) => join(folder, disk);
  for (const disk of ['tables', 'wal'] as const) {
    mkdirSync(pathOf(disk));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes[disk]}m`, 'tmpfs', pathOf(disk)]);
    mkdirSync(join(pathOf(disk), 'files'));
    for (const each of [pathOf(disk), join(pathOf(disk), 'files')]) chownSync(each, uid, gid);
  }
  const data = join(folder, 'data');
  const as = { uid, gid, cwd: folder };
  const options = ['--username=postgres', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'];
  execFileSync(
    join(dirname(server), 'initdb'),
    [`--pgdata=${data}`, `--waldir=${join(pathOf('wal'), 'files')}`, '--wal-segsize=1', ...options],
    { ...as, stdio: 'ignore' },
  );
  const settings = ["listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", 'fsync = off'];
  const sizes = ['min_wal_size = 2MB', 'max_wal_size = 16MB', 'wal_keep_size = 0'];
  appendFileSync(join(data, 'postgresql.conf'), `${[...settings, ...sizes].join('\n')}\n`);
  const port = await freePort();
  const log = openSync(join(folder, 'log'), 'a');
  let running: ChildProcess;
  let isStopping = false;
  let ended = 0;
  const start = () => {
    running = spawn(server, ['-D', data, '-p', String(port)], { ...as, stdio: ['ignore', log, log] });
    running.once('exit', async () => {
      ended += 1;
      await sleep(200);
      if (!isStopping) start();
    });
  };
  start();
  const urlOf = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  for (;;) {
    const client = new pg.Client(urlOf('postgres'));
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query(`CREATE TABLESPACE small LOCATION '${join(pathOf('tables'), 'files')}'`);
      await client.query('CREATE DATABASE reports TABLESPACE small');
      break;
    } catch (error) {
      if (ended > 3) throw new Error(readFileSync(join(folder, 'log'), 'utf8'), { cause: error });
      await sleep(200);
    } finally {
      await client.end().catch(() => {});
    }
  }
  const filler = (disk: Disk) => join(pathOf(disk), 'filler');
  return {
    url: urlOf('reports'),
    fill(disk, leftBytes) {
      const { bavail, bsize } = statfsSync(pathOf(disk));
      writeFileSync(filler(disk), Buffer.alloc(Math.max(bavail * bsize - leftBytes, 0)));
    },
    makeRoom: (disk) => rmSync(filler(disk), { force: true }),
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    async stop() {
      isStopping = true;
      if (running.exitCode === null && running.signalCode === null) {
        running.kill('SIGQUIT');
        await once(running, 'exit');
      }
      closeSync(log);
      for (const disk of ['tables', 'wal'] as const) {
        if (existsSync(pathOf(disk))) spawnSync('umount', ['--lazy', pathOf(disk)]);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
