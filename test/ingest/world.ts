import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { stringify } from 'yaml';
import { runCli } from '../../src/cli.js';
import type { Io } from '../../src/commands/setup/io.js';
import { assertNoSecrets, assertNoSecretsIn } from '../planted-secrets.js';
import { withConnection } from '../../src/warehouse/duckdb/connection.js';
import { runQuery } from '../../src/warehouse/duckdb/query.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.js';

/** Quotas that no test has to wait for. */
export const generousPlans = {
  getReport: { callsPerSecond: 1000, burst: 1000 },
  getReports: { callsPerSecond: 1000, burst: 1000 },
  getReportDocument: { callsPerSecond: 1000, burst: 1000 },
  createRestrictedDataToken: { callsPerSecond: 1000, burst: 1000 },
  createReport: { callsPerSecond: 1000, burst: 1000 },
  cancelReport: { callsPerSecond: 1000, burst: 1000 },
  getReportSchedules: { callsPerSecond: 1000, burst: 1000 },
  getReportSchedule: { callsPerSecond: 1000, burst: 1000 },
  createReportSchedule: { callsPerSecond: 1000, burst: 1000 },
  cancelReportSchedule: { callsPerSecond: 1000, burst: 1000 },
};

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A sandbox, a folder with a pipelines.yaml for it, and the program run on them. */
export interface World {
  sandbox: Sandbox;
  folder: string;
  /** Runs the program in this process. */
  run(...args: string[]): Promise<Ran>;
  /** Runs the program in a separate process; `watch` is called whenever it prints to stderr. */
  spawnRun(
    args: string[],
    env?: Record<string, string>,
    watch?: Watch,
    onStart?: (child: ChildProcess) => void,
  ): Promise<Ran>;
  /** The environment of the program. */
  env: NodeJS.ProcessEnv;
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Writes the seller into pipelines.yaml, in a world that was made without it. */
  addSellerToSettings(): Promise<void>;
  /** Everything in the warehouse that depends neither on the time nor on the order of loading. */
  contents(): Promise<Record<string, unknown[]>>;
  close(): Promise<void>;
}

export const sellerId = 'A1TESTSELLER';

export async function makeWorld(
  options: SandboxOptions & {
    pipelines?: Record<string, unknown>[];
    /**
     * Additional settings; a function for those that depend on what is between program and sandbox.
     */
    settings?: Record<string, unknown> | (() => Record<string, unknown>);
    /** What is between the program and the sandbox. */
    through?: (sandbox: Sandbox) => Promise<Pick<Sandbox, 'sqsEndpoint' | 'apiEndpoint' | 'loginUrl'>>;
    /** Additional sellers. */
    moreSellers?: string[];
  } = {},
): Promise<World> {
  const sandbox = await startSandbox({ plans: generousPlans, ...options });
  const met = (await options.through?.(sandbox)) ?? sandbox;
  const sellerIds = [sellerId, ...(options.moreSellers ?? [])];
  for (const id of sellerIds) {
    sandbox.addSeller({ sellerId: id, region: 'na', marketplaces: ['ATVPDKIKX0DER'] });
  }
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-test-'));
  const pipelines = options.pipelines ?? [{}];
  const file = join(folder, 'pipelines.yaml');
  const variable = (name: string) => `\${${name}}`;
  const settings = {
    warehouse: { path: 'warehouse.duckdb' },
    lake: 'lake',
    raw: 'raw',
    state: 'state',
    // Tests of the status page set its port.
    status: false,
    aws: { endpoint: met.sqsEndpoint },
    api: { endpoint: met.apiEndpoint, loginUrl: met.loginUrl },
    sellers: sellerIds.map((id, index) => ({
      id,
      region: 'na',
      marketplaces: ['US'],
      credentials: {
        clientId: variable(`ID_${index}`),
        clientSecret: variable(`SECRET_${index}`),
        refreshToken: variable(`TOKEN_${index}`),
      },
    })),
    pipelines: pipelines.map((pipeline) => ({
      name: 'all',
      schedule: '0 0 1 1 *',
      queue: sandbox.queueUrl,
      limits: { waitTimeSeconds: 0 },
      ...pipeline,
    })),
  };
  const more = typeof options.settings === 'function' ? options.settings() : options.settings;
  const written = { ...settings, ...more };
  writeFileSync(file, stringify(written));
  const { path: warehousePath = 'data/warehouse.duckdb' } = written.warehouse as { path?: string };
  const secrets = sellerIds.flatMap((id, index) => {
    const { clientId, clientSecret, refreshToken } = sandbox.credentialsFor(id);
    return [
      [`ID_${index}`, clientId],
      [`SECRET_${index}`, clientSecret],
      [`TOKEN_${index}`, refreshToken],
    ];
  });
  const env = { ...process.env, ...sandbox.awsEnvironment, ...Object.fromEntries(secrets) };
  Object.assign(process.env, sandbox.awsEnvironment);

  const world: World = {
    sandbox,
    folder,
    run: (...args) => runInProcess(args, { env, cwd: folder }),
    env,
    spawnRun: (args, more = {}, watch = () => {}, onStart = () => {}) =>
      runInChild(args, { env: { ...env, ...more }, cwd: folder }, watch, onStart),
    async query(sql) {
      const { code, stdout, stderr } = await world.run('query', '--json', sql);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as Record<string, unknown>[];
    },
    async addSellerToSettings() {
      writeFileSync(file, stringify(settings));
    },
    contents: () => contentsOf(join(folder, warehousePath)),
    async close() {
      await sandbox.close();
      assertNoSecretsIn(folder, env);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** The contents of a warehouse file, in one connection: `query` would open it for each table. */
function contentsOf(path: string): Promise<Record<string, unknown[]>> {
  return withConnection({ path, mode: 'read', lockWaitMs: 60_000 }, async (connection) => {
    const rows = async (sql: string) => {
      const { columns, groups } = await runQuery(connection, sql, path);
      const found: Record<string, unknown>[] = [];
      for await (const group of groups) {
        for (const row of group.rows()) {
          found.push(Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
        }
      }
      return found;
    };
    const tables = await rows(
      "SELECT table_name FROM duckdb_tables() WHERE table_name <> '_loads' ORDER BY table_name",
    );
    const contents: Record<string, unknown[]> = {
      _loads: await rows(
        `SELECT * EXCLUDE (loaded_at, duration_ms)
           REPLACE (regexp_replace(tables::VARCHAR, ',"superseded":\\d+', '', 'g') AS tables) FROM _loads ORDER BY key`,
      ),
    };
    for (const { table_name: table } of tables) {
      const time = table === '_rejects' ? 'loaded_at' : '_loaded_at';
      contents[String(table)] = await rows(`SELECT * EXCLUDE (${time}) FROM "${table}" ORDER BY ALL`);
    }
    return contents;
  });
}

/** Runs the program in this process, with streams that record what it prints. */
export async function runInProcess(
  args: string[],
  {
    env,
    cwd,
    stdin,
    onStopSignal,
    watch,
  }: {
    env: NodeJS.ProcessEnv;
    cwd: string;
    stdin?: Io['stdin'];
    onStopSignal?: Io['onStopSignal'];
    /** Called with what it prints to stderr. */
    watch?: (text: string) => void;
  },
): Promise<Ran> {
  const stdout = new Remembering();
  const stderr = new Remembering(watch);
  const code = await runCli(args, {
    stdout,
    stderr,
    stdin,
    env,
    cwd,
    onStopSignal: onStopSignal ?? (() => () => {}),
  });
  return withoutSecrets({ code, stdout: stdout.text, stderr: stderr.text }, env);
}

/** The program running in this process until it ends by itself or is stopped. */
export interface StartedProgram {
  running: Promise<Ran>;
  /** Sends a stop signal. */
  stop(): void;
}

/**
 * Starts the program in this process, in the folder of a world. `watch` is called with what it
 * prints to stderr.
 */
export function startInProcess(
  args: string[],
  { env, folder }: Pick<World, 'env' | 'folder'>,
  watch?: (text: string) => void,
): StartedProgram {
  let onStop = () => {};
  const running = runInProcess(args, {
    env,
    cwd: folder,
    onStopSignal: (callback) => {
      onStop = callback;
      return () => {};
    },
    watch,
  });
  return { running, stop: () => onStop() };
}

type Watch = (child: ChildProcess, stderr: string) => void;

/** Runs the program in a separate process; a code of null means that a signal ended it. */
export function runInChild(
  args: string[],
  { env, cwd }: { env: NodeJS.ProcessEnv; cwd: string },
  watch: Watch,
  onStart: (child: ChildProcess) => void,
): Promise<Ran> {
  const child = spawn(process.execPath, [...program(), ...args], {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onStart(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    watch(child, stderr);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      try {
        assertHandled(stderr, env);
        resolve(withoutSecrets({ code, stdout, stderr }, env));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** Fails if the program printed a secret. */
function withoutSecrets(ran: Ran, env: NodeJS.ProcessEnv): Ran {
  assertNoSecrets(ran.stdout, env, 'stdout');
  assertNoSecrets(ran.stderr, env, 'stderr');
  return ran;
}

/** Fails if an error of the program was handled by nothing but the end of its process. */
function assertHandled(stderr: string, env: NodeJS.ProcessEnv): void {
  const isUnhandled = /an error that nothing handles|^Node\.js v\d/m.test(stderr);
  if (isUnhandled && !env.PROVOKE_UNHANDLED) throw new Error(`an error that nothing handles:\n${stderr}`);
}

/**
 * The built program if it is newer than its source, because it starts faster; otherwise the source.
 */
export function program(): string[] {
  const root = new URL('../../', import.meta.url).pathname;
  const built = join(root, 'dist', 'main.cjs');
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.c?ts$/.test(name) && !name.startsWith('kernel/assembly'))
    .map((name) => statSync(join(root, 'src', name)).mtimeMs);
  const isNew = existsSync(built) && statSync(built).mtimeMs > Math.max(...sources);
  return isNew ? [built] : ['--import', import.meta.resolve('tsx'), join(root, 'src', 'main.cts')];
}

class Remembering extends Writable {
  text = '';

  constructor(private readonly watch: (text: string) => void = () => {}) {
    super();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    this.watch(chunk.toString());
    done();
  }
}

/** A listings document: `sku-1` with quantity 1, and so on. */
export function listings(rows: number): Buffer {
  const lines = Array.from(
    { length: rows },
    (_, index) => `Lamp 10" no. ${index + 1}\tsku-${index + 1}\t19.99\t${index + 1}`,
  );
  return Buffer.from(`${['item-name\tseller-sku\tprice\tquantity', ...lines].join('\n')}\n`);
}

/** An all-orders document of these orders. */
export function orders(of: { id: string; status: string; price?: string }[]): Buffer {
  const lines = of.map(
    ({ id, status, price = '19.99' }) =>
      `${id}\t2026-10-01T10:00:00+00:00\t${status}\tsku-1\t1\tUSD\t${price}`,
  );
  const header = 'amazon-order-id\tpurchase-date\torder-status\tsku\tquantity\tcurrency\titem-price';
  return Buffer.from(`${[header, ...lines].join('\n')}\n`);
}

export const listingsType = 'GET_MERCHANT_LISTINGS_ALL_DATA';
export const ordersType = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';
export const returnsType = 'GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA';
