import type { Random } from '../../src/sandbox/random.js';

/**
 * How often each kind of fault happens, in events per day of the world, or as a probability. A kind
 * that is absent does not happen.
 */
export interface Swarm {
  /** A process is killed at one of its next calls. Per day. */
  kills?: number;
  /** A process gets a stop signal, and is started again. Per day. */
  stops?: number;
  /** A process stands still for up to an hour, and then goes on. Per day. */
  pauses?: number;
  /** The clock of a machine is set forward or back. Per day. */
  clockJumps?: number;
  /** How wrong the clocks are from the beginning, at most, in milliseconds. */
  clockErrorMs?: number;
  /** A service is slow, silent or failing for a while. Per day. */
  outages?: number;
  /** A machine reaches nothing for a while. Per day. */
  partitions?: number;
  /** The part of requests, and of answers, that get lost. */
  lostRequests?: number;
  lostAnswers?: number;
  /** The part of messages that are delivered again. */
  duplicates?: number;
  lostNotifications?: number;
  doubleNotifications?: number;
  lateNotifications?: number;
  brokenDownloads?: number;
  /** Amazon changes the rate of an operation. Per day. */
  quotaChanges?: number;
  /** Amazon refuses the credentials of a seller for some hours. Per day. */
  revocations?: number;
  /** The disk is full, or fails, for a while. Per day. */
  diskTrouble?: number;
  /** All machines lose power, and the disk what was not synced. Per day. */
  powerCuts?: number;
  /** A bit of a raw document or of a file in the lake changes. Per day. */
  bitRot?: number;
  /** What was written to one such file lands in another one, too. Per day. */
  misdirectedWrites?: number;
  /** A file of the state folder is zeroed, cut off or overwritten by something else. Per day. */
  stateDamage?: number;
  /** A file of the state folder is gone, or all are. Per day. */
  stateLosses?: number;
  /** A machine has no file handles left for a while. Per day. */
  handleShortages?: number;
  /** Somebody runs `verify --repair`, `reload` of a table, `purge`. Per day. */
  verifies?: number;
  reloads?: number;
  purges?: number;
}

/** Each kind with its highest rate. */
const highest: Required<Swarm> = {
  kills: 12,
  stops: 6,
  pauses: 4,
  clockJumps: 3,
  clockErrorMs: 90_000,
  outages: 6,
  partitions: 3,
  lostRequests: 0.05,
  lostAnswers: 0.05,
  duplicates: 0.1,
  lostNotifications: 0.1,
  doubleNotifications: 0.2,
  lateNotifications: 0.1,
  brokenDownloads: 0.2,
  quotaChanges: 2,
  revocations: 1,
  diskTrouble: 2,
  powerCuts: 3,
  bitRot: 2,
  misdirectedWrites: 1,
  stateDamage: 1,
  stateLosses: 1,
  handleShortages: 2,
  verifies: 2,
  reloads: 2,
  purges: 1,
};

export const faultKinds = Object.keys(highest) as (keyof Swarm)[];

/** The faults of a seed: some kinds, each at a rate of its own. */
export function drawSwarm(random: Random): Swarm {
  const share = random.pick([0, 0.2, 0.4, 0.7]);
  const swarm: Swarm = {};
  for (const kind of faultKinds) {
    const isDrawn = random.chance(share);
    const rate = highest[kind] * random.next();
    if (isDrawn) swarm[kind] = Number(rate.toPrecision(3));
  }
  return swarm;
}
