import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Random } from '../../src/sandbox/random.js';
import { compareWorlds, fill, loadModes, makeCrashWorld, runUntilEmpty } from '../ingest/crash-matrix.js';
import { findWords } from '../ingest/data-folder.js';
import { makeWorld, orders, ordersType, runInProcess, type World } from '../ingest/world.js';
import { makeOldData, oldWords, youngWords } from '../maintenance/old-data.js';
import { type CutCounts, Machine } from './machine.js';

export interface PowerCutResult extends CutCounts {
  /** Rows of the undisturbed run: tables, ledger and rejects together. */
  rows: number;
  lost: number;
  twice: number;
}

interface PowerCutOptions {
  cuts: number;
  seed: number;
  onCut?: () => void;
}

/** All that the program writes is on the disk that loses its power. */
const settings = {
  warehouse: { path: 'data/warehouse.duckdb', publish: { path: 'data/copy.duckdb', every: '1 minute' } },
  lake: 'data/lake',
  raw: 'data/raw',
  state: 'data/state',
};

/** What is cut off, in turn. Half of the cuts are during a drain. */
const commands = [
  ['run'],
  ['rebuild'],
  ['run'],
  ['reload', '--status', 'loaded'],
  ['run'],
  ['unload', '--yes'],
  ['run'],
  ['reload', '--status', 'unloaded'],
  ['run'],
  ['verify', '--repair'],
];

/** A power cut may take load records, which are not synced, and can be made again. */
const repair = ['verify', '--repair'];

/** Cuts between two comparisons. */
const cutsPerComparison = 10;

/**
 * Runs the real program on a disk whose power is cut at a random change of its files, again and
 * again: each run is the restart after the previous cut. A run that ends before loses the power
 * after its end. Everything is loaded and compared with an undisturbed run, from time to time and
 * at the end. Returns undefined, and prints the reason, if this machine can't mount the disk.
 */
export async function cutLoads({ cuts, seed, onCut }: PowerCutOptions): Promise<PowerCutResult | undefined> {
  const random = new Random(seed);
  const result = { ...noCuts(), rows: 0, lost: 0, twice: 0 };
  const world = await makeCrashWorld({ settings });
  const undisturbed = await makeCrashWorld();
  const machine = await Machine.start(world, random, result);
  try {
    if (!machine) return undefined;
    for (let index = 0; index < cuts; index += 1) {
      const command = commands[index % commands.length] ?? [];
      if (command[0] === 'run') {
        const mode = loadModes[(index / 2) % loadModes.length] ?? 'append';
        await fill([world, undisturbed], index, { mode }, () => random.next());
      }
      const documents = command[0] === 'unload' ? await someDocument(world) : [];
      const isPossible = command[0] !== 'unload' || documents.length > 0;
      await machine.runWithCut(isPossible ? [...command, ...documents] : ['run']);
      await world.sandbox.returnMessages();
      onCut?.();
      if ((index + 1) % cutsPerComparison !== 0 && index + 1 !== cuts) continue;
      await machine.run(['run']);
      await Promise.all([world, undisturbed].map(runUntilEmpty));
      await machine.run(['reload', '--status', 'unloaded']);
      await machine.run(repair);
      await compare(world, undisturbed, result, `after ${index + 1} cuts`);
    }
    await machine.run(['rebuild']);
    await compare(world, undisturbed, result, 'after a rebuild');
    return result;
  } finally {
    await machine?.stop();
    await Promise.all([world.close(), undisturbed.close()]);
  }
}

/** Cuts the power during purges, then lets one end, and searches for what had to be removed. */
export async function cutPurges({ cuts, seed, onCut }: PowerCutOptions): Promise<CutCounts | undefined> {
  const random = new Random(seed);
  const result = noCuts();
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-test-'));
  const data = join(folder, 'data');
  const machine = await Machine.start({ env: process.env, folder }, random, result);
  try {
    if (!machine) return undefined;
    await makeOldData({}, folder);
    const purge = ['purge', '--older-than', '30d'];
    for (let index = 0; index < cuts - 1; index += 1) {
      await machine.runWithCut(purge);
      onCut?.();
    }
    await machine.run(purge);
    // Nothing that is gone may come back.
    await machine.runWithCut(['tables']);
    onCut?.();
    for (const name of (await findWords(data, oldWords)).keys()) result.problems.push(`not purged: ${name}`);
    if ((await findWords(data, youngWords)).size === 0) result.problems.push('newer documents are purged');
    for (const args of [repair, ['verify']]) {
      const { code, stdout, stderr } = await runInProcess(args, { env: {}, cwd: folder });
      if (code !== 0) result.problems.push(`after purges: ${args.join(' ')}: ${stdout}${stderr}`);
    }
    return result;
  } finally {
    await machine?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Cuts the power while a report is requested: each window is requested once, and loaded. */
export async function cutRequests({ cuts, seed, onCut }: PowerCutOptions): Promise<CutCounts | undefined> {
  const random = new Random(seed);
  const result = noCuts();
  for (let index = 0; index < cuts; index += 1) {
    const request = [{ reportType: ordersType, window: '1 day', cron: '0 0 * * *' }];
    const body = orders([{ id: '1-1', status: 'Shipped' }]);
    const make = () => ({ status: 'DONE' as const, body });
    const world = await makeWorld({ settings, pipelines: [{ request }], make });
    const machine = await Machine.start(world, random, result);
    try {
      if (!machine) return undefined;
      await machine.runWithCut(['request']);
      onCut?.();
      const requested = () => world.sandbox.state.reports.filter(({ asked }) => asked).length;
      // Amazon's list of reports may lag behind, so a request without an answer waits for it.
      await machine.run(['request']);
      letTimePass(join(world.folder, settings.state, 'requests.json'));
      await machine.run(['request']);
      if (requested() !== 1) result.problems.push(`${requested()} reports were requested for one window`);
      for (let step = 0; step < 2; step += 1) await world.sandbox.stepReports();
      await runUntilEmpty(world);
      const [{ loads } = {}] = await world.query(
        "SELECT count(*)::INT AS loads FROM _loads WHERE status = 'loaded'",
      );
      if (loads !== 1) result.problems.push(`${loads} loads of one requested report`);
    } finally {
      await machine?.stop();
      await world.close();
    }
  }
  return result;
}

const noCuts = (): CutCounts => ({ cuts: {}, changesLost: 0, remade: 0, problems: [] });

/** Long enough for Amazon's list of reports. */
const laterMs = 15 * 60_000;

/** Makes all requests older. */
function letTimePass(file: string): void {
  const text = readFileSync(file, 'utf8');
  const earlier = (_: string, name: string, at: string) =>
    `"${name}": "${new Date(Date.parse(at) - laterMs).toISOString()}"`;
  writeFileSync(file, text.replace(/"(at|retryAt|lastRequestedAt)": "([^"]+)"/g, earlier), { flush: true });
}

/** A document with rows. */
async function someDocument(world: World): Promise<string[]> {
  if (!existsSync(join(world.folder, settings.warehouse.path))) return [];
  const rows = await world.query(
    "SELECT document_id FROM _loads WHERE status = 'loaded' ORDER BY hash(document_id) LIMIT 1",
  );
  return rows.map(({ document_id }) => String(document_id));
}

/** Compares tables, ledger, rejects and raw documents, and verifies all files. */
async function compare(
  world: World,
  undisturbed: World,
  result: PowerCutResult,
  when: string,
): Promise<void> {
  const { lost, twice, rows, differences } = await compareWorlds(world, undisturbed);
  result.lost += lost;
  result.twice += twice;
  result.rows += rows;
  result.problems.push(...differences.map((difference) => `${when}: ${difference}`));
  const { code, stdout, stderr } = await world.run('verify');
  if (code !== 0) result.problems.push(`${when}: verify: ${stdout}${stderr}`);
  const expected = rawDocuments(join(undisturbed.folder, 'raw'));
  const found = rawDocuments(join(world.folder, settings.raw));
  for (const [name, bytes] of expected) {
    if (found.get(name) !== bytes) result.problems.push(`${when}: raw document ${name} differs`);
  }
  const copy = join(world.folder, settings.warehouse.publish.path);
  if (!existsSync(copy)) return;
  await DuckDBInstance.create(copy, { access_mode: 'READ_ONLY' }).then(
    (instance) => instance.closeSync(),
    (error: Error) => void result.problems.push(`${when}: the published copy: ${error.message}`),
  );
}

/** The bytes of all raw documents by name. */
function rawDocuments(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const isDocument = (name: string) =>
    !/\.(json|part|lock)$/.test(name) && statSync(join(folder, name)).isFile();
  return new Map(names.filter(isDocument).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}
