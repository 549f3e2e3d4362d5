import { Random } from '../../src/sandbox/random.js';
import { Faults } from './faults.js';
import { Oracle, Violation } from './oracle.js';
import { type Host, Killed } from './process.js';
import type { Program } from './program.js';
import { Replicas } from './replicas.js';
import { automaticTypes } from './report-contents.js';
import { drawSwarm, type Swarm } from './swarm.js';
import { World, type WorldOptions } from './world.js';

export interface Scenario {
  seed: number;
  days: number;
  sellers: number;
  replicas: number;
  /** Reports that Amazon makes by itself, for each seller. */
  reportsPerDay: number;
  /** Whether those of a day come all at once, so that the quota must be waited for. */
  inBursts: boolean;
  swarm: Swarm;
}

export interface Outcome {
  /** The same for two runs of a scenario. */
  hash: string;
  /** Undefined if all promises were kept. */
  violation: string | undefined;
  events: number;
  documents: number;
  starts: number;
  /** How many faults of each kind happened. */
  faults: Record<string, number>;
  /** What the programs logged last. */
  log: string[];
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 9, 5);
/** Longer than any notification is late, or any document waits for its next try. */
const maxCalmDays = 6;
const minCalmMs = 7 * hourMs;

/** The scenario of a seed, with what is given in place of what the seed draws. */
export function scenarioOf(seed: number, given: Partial<Scenario> = {}): Scenario {
  const random = new Random(Math.imul(seed, 0x632be5ab));
  const isBusy = random.chance(0.2);
  const drawn = {
    days: random.integer(1, isBusy ? 2 : 4),
    sellers: random.integer(1, isBusy ? 4 : 30),
    replicas: random.integer(1, 3),
    reportsPerDay: isBusy ? 40 : 5,
    inBursts: isBusy || random.chance(0.2),
    swarm: drawSwarm(random),
  };
  return { seed, ...drawn, ...given };
}

/**
 * Runs a scenario: days with the faults of its swarm, then days without, in which everything must
 * arrive. Ends at the first promise that is broken.
 */
export async function simulate(
  program: Program,
  scenario: Scenario,
  openReal?: WorldOptions['openReal'],
): Promise<Outcome> {
  const { seed, days, sellers, replicas: count, reportsPerDay, inBursts, swarm } = scenario;
  const world = new World({ seed, program, sellers, replicas: count, startMs, openReal });
  const { loop, amazon, queue } = world;
  let violation: string | undefined;
  const check = (work: () => void) => {
    try {
      work();
    } catch (error) {
      violation ??= error instanceof Violation ? error.message : String((error as Error).stack);
    }
  };
  const oracle = new Oracle(world, excusesOf(swarm));
  const replicas = new Replicas(world, (process, code) =>
    check(() => {
      if (!faults.isDiskTroubled()) throw new Violation(`${process.name} ended by itself with code ${code}`);
    }),
  );
  const faults = new Faults(world, replicas, swarm, seed);
  world.onDatabaseChanged = () => check(() => oracle.afterTransaction());
  world.onDisagreement = (text) =>
    check(() => {
      throw new Violation(text);
    });
  world.onEnded = (process) =>
    check(() => {
      if (!faults.isDiskTroubled()) oracle.afterEnd(process);
    });
  queue.onDeleted = (message) => check(() => oracle.beforeDelete(message));
  amazon.onAnswered = () => check(() => oracle.afterCall());

  const random = new Random(seed);
  for (const sellerId of world.sellerIds) {
    for (let report = 0; report < days * reportsPerDay; report += 1) {
      const type = random.pick(automaticTypes);
      const day = inBursts ? Math.floor(random.next() * days) + 0.5 : random.next() * days;
      loop.after(day * dayMs, () => amazon.begin(sellerId, type));
    }
  }
  /** Until everything has arrived, but at least until every sweep came once. */
  const untilCalm = async () => {
    const endMs = startMs + (days + maxCalmDays) * dayMs;
    for (let untilMs = startMs + days * dayMs + minCalmMs; untilMs <= endMs; untilMs += 3 * hourMs) {
      await loop.run(untilMs, () => violation !== undefined);
      await world.refresh();
      if (violation !== undefined || (amazon.isQuiet() && oracle.missing() === undefined)) return;
    }
  };
  /** What was damaged or left behind is repaired, and nothing else is found. */
  const checkFiles = async () => {
    const [host] = world.hosts as [Host];
    for (const args of [
      ['reload', '--status', 'quarantined'],
      ['verify', '--repair', '--json'],
      ['verify', '--json'],
    ]) {
      let code: number | undefined;
      const { ended, output } = world.run(host, args);
      void ended.then((of) => {
        code = of;
      });
      const isEnded = () => code !== undefined || violation !== undefined;
      await loop.run(loop.nowMs + dayMs, isEnded);
      await world.refresh();
      if (args[0] === 'verify')
        check(() => oracle.afterVerify(output.join(''), code, args.includes('--repair')));
      if (violation !== undefined) return;
    }
  };
  const onUnhandled = (error: unknown) => {
    if (error instanceof Killed) return;
    check(() => {
      throw new Violation(`an error that nothing handles: ${String((error as Error).stack)}`);
    });
  };
  const stopListening = listenToUnhandled(onUnhandled);
  try {
    faults.begin();
    replicas.begin();
    await loop.run(startMs + days * dayMs, () => violation !== undefined);
    faults.end();
    await untilCalm();
    if (violation === undefined) await checkFiles();
    if (violation === undefined) check(() => oracle.atEnd());
  } finally {
    replicas.killAll();
    await world.real?.close();
    stopListening();
  }
  return {
    hash: loop.digest(),
    violation,
    events: loop.events,
    documents: world.database.ledger.size,
    starts: replicas.starts,
    faults: faults.counts,
    log: world.log,
  };
}

function excusesOf(swarm: Swarm) {
  const has = (...kinds: (keyof Swarm)[]) => kinds.some((kind) => (swarm[kind] ?? 0) > 0);
  return {
    quota: has(
      'clockJumps',
      'clockErrorMs',
      'pauses',
      'outages',
      'lostAnswers',
      'quotaChanges',
      'powerCuts',
      'diskTrouble',
      'handleShortages',
      'stateDamage',
      'stateLosses',
    ),
    unusedQuota: has('kills', 'stops', 'partitions', 'lostRequests', 'revocations'),
    // A process that stands still, or whose clock is wrong, looks as if it were gone.
    crashes: has(
      'kills',
      'powerCuts',
      'pauses',
      'clockJumps',
      'clockErrorMs',
      'diskTrouble',
      'handleShortages',
    ),
    damage: has('bitRot', 'misdirectedWrites'),
  };
}

/** In place of others, such as those of a test runner. Returns how to give them back. */
function listenToUnhandled(listener: (error: unknown) => void): () => void {
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', listener);
  return () => {
    process.removeListener('unhandledRejection', listener);
    for (const other of others) process.on('unhandledRejection', other);
  };
}
