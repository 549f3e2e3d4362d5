import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type FaultPoint, faultPoints } from '../../src/runtime/fault-point.js';
import type { LoadMode } from '../../src/schema/types.js';
import { makeWorld, sellerId, type World } from './world.js';

export const loadModes: LoadMode[] = ['append', 'merge', 'replace', 'snapshot'];

/** The results of many kills. */
export interface CrashResult {
  kills: number;
  /**
   * Rows of the undisturbed run that are missing after the last restart: tables, ledger and rejects
   * together.
   */
  lost: number;
  /** Rows beyond those of the undisturbed run. */
  twice: number;
  /** Restarts that found a warehouse file that cannot be opened. */
  unopened: number;
  /** Unfinished files that remain for longer than a day. */
  leftovers: number;
  rows: number;
  /** Kills by step and load mode; `any time` are those by the clock. */
  matrix: Record<string, Record<string, number>>;
  /** A few examples of each kind of difference. */
  differences: string[];
}

interface Kill {
  mode: LoadMode;
  /** Undefined: at any time. */
  at?: FaultPoint;
  pass: number;
}

const documentsPerKill = 3;
/** Kills on one queue and warehouse, after which everything is loaded and compared. */
const killsPerWorld = 40;
/**
 * Kills until the undisturbed world loads what came: no more documents than the quota allows at
 * once.
 */
const killsPerUndisturbedRun = 5;

export interface CrashOptions {
  kills: number;
  random: () => number;
  /** Steps to kill at, in turn. Default: all of the data path, and in a long plan at any time. */
  at?: readonly FaultPoint[];
  onKill?: (done: number) => void;
  /**
   * Address of a BigQuery for the killed world; the undisturbed run always has a DuckDB file.
   * Default: a file for both.
   */
  bigQuery?: string;
  /** As `bigQuery`, the URL of a PostgreSQL server. */
  postgres?: string;
  /**
   * Address of an SQS server for the killed world, which is then killed at any time only. Default:
   * the sandbox's own.
   */
  queueServer?: string;
}

/**
 * Kills the real program with SIGKILL, repeatedly on one queue and one warehouse: at every fault
 * point in every load mode, then at random times. Each run is the restart after the previous kill.
 * At the end everything is loaded, and compared with an undisturbed run.
 */
export async function runCrashMatrix(options: CrashOptions): Promise<CrashResult> {
  const result: CrashResult = {
    kills: 0,
    lost: 0,
    twice: 0,
    unopened: 0,
    leftovers: 0,
    rows: 0,
    matrix: {},
    differences: [],
  };
  const plan = planKills(options);
  for (let start = 0; start < plan.length; start += killsPerWorld) {
    await crashOneWorld(plan.slice(start, start + killsPerWorld), options, result);
  }
  return result;
}

/** Steps that a run may pass only once, because all of its messages and loads share them. */
const passedTogether = new Set<FaultPoint>([
  'received',
  'routed',
  'rows-in',
  'transaction-ended',
  'committed',
  'record-written',
]);

/** Each point in turn, rotating over the load modes. Half of a long plan is at any time. */
function planKills({ kills, random, queueServer, at: points }: CrashOptions): Kill[] {
  const steps = points ?? faultPoints;
  const cells = points ? kills : faultPoints.length * loadModes.length;
  return Array.from({ length: kills }, (_, index): Kill => {
    // The two numbers have no common factor, so each point meets each mode.
    const mode = loadModes[index % loadModes.length] as LoadMode;
    const isAnyTime = queueServer !== undefined || (index >= cells && index % 2 === 1);
    if (isAnyTime) return { mode, pass: 1 };
    const at = steps[index % steps.length] as FaultPoint;
    return { mode, at, pass: 1 + Math.floor(random() * (passedTogether.has(at) ? 1 : 3)) };
  });
}

async function crashOneWorld(
  plan: Kill[],
  { random, onKill, bigQuery, postgres, queueServer }: CrashOptions,
  result: CrashResult,
): Promise<void> {
  const world = await makeCrashWorld({
    ...(bigQuery === undefined ? {} : { settings: bigQuerySettings(bigQuery) }),
    ...(postgres === undefined ? {} : { settings: postgresSettings() }),
    ...(queueServer === undefined ? {} : { queueServer, pipelines: [foreignQueuePipeline] }),
  });
  if (postgres !== undefined) world.env.DATABASE_URL = postgres;
  const undisturbed = await makeCrashWorld();
  try {
    let runMs = 3000;
    for (const [index, kill] of plan.entries()) {
      await fill([world, undisturbed], index, kill, random);
      const startedMs = Date.now();
      const env: Record<string, string> = kill.at ? { SP_REPORTS_CRASH_AT: `${kill.at}:${kill.pass}` } : {};
      const delayMs = runMs * (0.3 + 0.7 * random());
      let timer: NodeJS.Timeout | undefined;
      const [ran] = await Promise.all([
        world.spawnRun(['run', '--log-level', 'warn'], env, undefined, (child) => {
          if (!kill.at) timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
        }),
        index % killsPerUndisturbedRun === 0 ? runUntilEmpty(undisturbed) : undefined,
      ]);
      clearTimeout(timer);
      if (ran.code === null) {
        result.kills += 1;
        const row = result.matrix[kill.at ?? 'any time'] ?? {};
        result.matrix[kill.at ?? 'any time'] = row;
        row[kill.mode] = (row[kill.mode] ?? 0) + 1;
      } else {
        runMs = Date.now() - startedMs;
        if (ran.code !== 0) result.differences.push(`exit code ${ran.code}: ${ran.stderr.slice(0, 500)}`);
      }
      if (/set aside|WAREHOUSE_UNREADABLE/.test(ran.stderr)) result.unopened += 1;
      // Another server returns them when their visibility timeout ends, during later runs.
      if (queueServer === undefined) await world.sandbox.returnMessages();
      onKill?.(result.kills);
    }
    await Promise.all([runUntilEmpty(world), runUntilEmpty(undisturbed)]);
    const compared =
      bigQuery === undefined && postgres === undefined
        ? await compareWorlds(world, undisturbed)
        : await compareWithDuckDb(world, undisturbed);
    result.lost += compared.lost;
    result.twice += compared.twice;
    result.rows += compared.rows;
    result.differences.push(...compared.differences);
    const left = await leftovers(world);
    result.leftovers += left.length;
    result.differences.push(...left.map((name) => `left: ${name}`));
  } finally {
    await Promise.all([world.close(), undisturbed.close()]);
  }
}

const typeOf = (mode: string) => `GET_CRASH_${mode.toUpperCase()}`;

/** Its documents are in progress at every kill, and none is to blame. */
const limits = { waitTimeSeconds: 0, concurrency: 2, maxReceives: 1000 };
/** Short, so that messages come back while the program is still being killed. */
const foreignQueuePipeline = { limits: { ...limits, visibilityTimeoutSeconds: 30 } };

/** A report type of each load mode, with columns id, amount and quantity. */
export const crashTypes = loadModes.map(typeOf);

/** A world whose schemas have a report type of each load mode. */
export async function makeCrashWorld(options: Parameters<typeof makeWorld>[0] = {}): Promise<World> {
  const world = await makeWorld({
    pipelines: [{ limits }],
    ...options,
  });
  mkdirSync(join(world.folder, 'schemas'));
  for (const mode of loadModes) {
    const key = mode === 'merge' || mode === 'replace' ? ', key: [id]' : '';
    writeFileSync(
      join(world.folder, 'schemas', `${typeOf(mode)}.yaml`),
      `reportType: ${typeOf(mode)}
description: One row per id.
format: tsv
tables:
  - name: crash_${mode}
    load: { mode: ${mode}${key}, why: For the test. }
    columns:
      - { name: id, from: id, type: string }
      - { name: amount, from: amount, type: 'decimal(18,4)' }
      - { name: quantity, from: quantity, type: int64 }
`,
    );
  }
  return world;
}

/**
 * Adds the same documents to each of the worlds: of the tested mode and of another one, one with a
 * duplicate notification.
 */
export async function fill(
  worlds: World[],
  index: number,
  { mode }: Pick<Kill, 'mode'>,
  random: () => number,
): Promise<void> {
  for (let of = 0; of < documentsPerKill; of += 1) {
    const number = index * documentsPerKill + of;
    const other = loadModes[(index + of) % loadModes.length] as LoadMode;
    const rows = Array.from({ length: 2 + Math.floor(random() * 5) }, (_, row) => {
      const quantity = row === 1 && of === 0 ? 'many' : String(row);
      return `${Math.floor(random() * 6)}\t${number}.${row}5\t${quantity}`;
    });
    const report = {
      sellerId,
      reportType: typeOf(of === 2 ? other : mode),
      reportId: String(1000 + number),
      documentId: `amzn1.spdoc.1.4.na.crash-${number}`,
      // Not in the order of arrival.
      createdAt: new Date(Date.UTC(2026, 9, 1) + ((number * 7) % 50) * 60_000),
      body: Buffer.from(`id\tamount\tquantity\n${rows.join('\n')}\n`),
    };
    for (const world of worlds) {
      const added = world.sandbox.addReport(report);
      await world.sandbox.notify(added);
      if (of === 0) await world.sandbox.notify(added);
    }
  }
}

/**
 * Runs in this process until the queue is empty. Errors: messages that stay, and any failure except
 * a run that waits for a lock.
 */
export async function runUntilEmpty(world: World): Promise<void> {
  // The pid in a lock of a killed process may be another process by now: then the lock stays for
  // two minutes.
  const giveUpAtMs = Date.now() + 180_000;
  for (let runs = 0; runs < 10 || Date.now() < giveUpAtMs; runs += 1) {
    const { code, stdout, stderr } = await world.run('run');
    const isLocked = stderr.includes('DOCUMENT_BUSY');
    if (code !== 0 && !isLocked) throw new Error(stdout + stderr);
    const { visible, inFlight } = await world.sandbox.queueDepth();
    if (visible + inFlight === 0) return;
    if (isLocked) await delay(5000);
    await world.sandbox.returnMessages();
  }
  throw new Error('messages stay on the queue');
}

/** Rows that are missing from what was found, or beyond what was expected. */
export interface Compared {
  lost: number;
  twice: number;
  /** Expected, of all tables together. */
  rows: number;
  /** A few examples of the difference. */
  differences: string[];
}

/** Counts the rows that one has and the other does not. */
export function compareContents(
  found: Record<string, unknown[]>,
  expected: Record<string, unknown[]>,
): Compared {
  const compared: Compared = { lost: 0, twice: 0, rows: 0, differences: [] };
  for (const table of new Set([...Object.keys(found), ...Object.keys(expected)])) {
    const left = new Map<string, number>();
    const count = (rows: unknown[] = [], sign: number) => {
      for (const row of rows) {
        const text = JSON.stringify(row);
        left.set(text, (left.get(text) ?? 0) + sign);
      }
    };
    count(expected[table], 1);
    count(found[table], -1);
    compared.rows += expected[table]?.length ?? 0;
    for (const [row, surplus] of left) {
      if (surplus > 0) compared.lost += surplus;
      if (surplus < 0) compared.twice -= surplus;
      if (surplus !== 0 && compared.differences.length < 10) {
        compared.differences.push(`${surplus > 0 ? 'lost' : 'twice'}: ${table}: ${row}`);
      }
    }
  }
  return compared;
}

/** Settings of a separate BigQuery dataset. */
export function bigQuerySettings(endpoint: string): Record<string, unknown> {
  const dataset = `r${randomUUID().replaceAll('-', '')}`;
  return { warehouse: { type: 'bigquery', project: 'test-project', dataset, endpoint } };
}

/** Settings of a separate schema of the PostgreSQL server in the variable DATABASE_URL. */
export function postgresSettings(): Record<string, unknown> {
  const schema = `r${randomUUID().replaceAll('-', '')}`;
  return { warehouse: { type: 'postgres', url: '${DATABASE_URL}', schema } };
}

/** Compares two worlds on DuckDB. */
export async function compareWorlds(world: World, expected: World): Promise<Compared> {
  return compareContents(await world.contents(), await expected.contents());
}

/** Compares a world on another kind of warehouse with one on DuckDB. */
export async function compareWithDuckDb(world: World, expected: World): Promise<Compared> {
  return compareContents(await neutral(world), await neutral(expected));
}

const loadTimes = ['loaded_at', '_loaded_at'];

/** All tables of a world without load times, with decimals as numbers without trailing zeros. */
async function neutral(world: World): Promise<Record<string, unknown[]>> {
  const read = async (sql: string) =>
    (await world.query(sql)).map((row) =>
      Object.fromEntries(
        Object.entries(row)
          .filter(([name]) => !loadTimes.includes(name))
          .sort()
          .map(([name, value]) => [
            name,
            typeof value === 'string' && /^-?\d+\.\d+$/.test(value) ? String(Number(value)) : value,
          ]),
      ),
    );
  const found: Record<string, unknown[]> = {
    _loads: await read('SELECT key, status, document_id, report_id, report_type, rejects FROM _loads'),
    _rejects: await read('SELECT * FROM _rejects'),
  };
  for (const mode of loadModes) {
    const table = `crash_${mode}`;
    found[table] = await read(`SELECT * FROM ${table}`);
  }
  return found;
}

const unfinished = /\.(part|part\.json|lock|rebuild|tmp|wal)$/;

/** Unfinished files that a run a day later does not remove. */
export async function leftovers(world: World): Promise<string[]> {
  const all = () =>
    readdirSync(world.folder, { recursive: true, encoding: 'utf8' }).filter((name) => unfinished.test(name));
  const dayAgo = new Date(Date.now() - 25 * 3_600_000);
  for (const name of all()) utimesSync(join(world.folder, name), dayAgo, dayAgo);
  await world.run('run');
  return all();
}
