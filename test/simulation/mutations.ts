import { buildProgram, type Mutation } from './program.js';
import { type Scenario, scenarioOf, simulate } from './simulate.js';

/** A mistake, and the scenarios that show it soon. */
export type Mistake = Mutation & { given: Partial<Scenario> };

const quick = { days: 1, sellers: 3, replicas: 1, reportsPerDay: 8, inBursts: false };
const outOfOrder = { ...quick, swarm: { lateNotifications: 0.5, lostNotifications: 0.2 } };
const withPowerCuts = { ...quick, reportsPerDay: 24, swarm: { powerCuts: 60 } };
const withBursts = { ...quick, sellers: 1, reportsPerDay: 40, inBursts: true, swarm: {} };
const withStops = { ...quick, swarm: { stops: 20 } };

/** Mistakes that break a promise, each by one change of the program. */
export const mutations: Record<string, Mistake> = {
  'a message is deleted before the commit': {
    file: 'src/ingest/process-document.ts',
    from: `    const entry = await commit.submit(job.before ? { ...load, replacesKey: job.before.key } : load);
    await acknowledge(messages, context.log);`,
    to: `    await acknowledge(messages, context.log);
    const entry = await commit.submit(job.before ? { ...load, replacesKey: job.before.key } : load);`,
    given: { ...quick, swarm: { kills: 20, outages: 6 } },
  },
  'the older report wins': {
    file: 'src/warehouse/ledger/rank-documents.ts',
    from: 'compare(a.madeMicros, b.madeMicros) ||',
    to: 'compare(b.madeMicros, a.madeMicros) ||',
    given: outOfOrder,
  },
  'a late snapshot wins': {
    file: 'src/warehouse/rules/newest-wins.ts',
    from: 'other.rank > one.rank && coversMarketplaceOf(other, one)',
    to: 'other.rank < one.rank && coversMarketplaceOf(other, one)',
    given: outOfOrder,
  },
  'a whole file is renamed without a sync': {
    file: 'src/files/whole-file.ts',
    from: `  await file.sync();
  await rename(partial, path);`,
    to: '  await rename(partial, path);',
    given: withPowerCuts,
  },
  'the folder of a whole file is not synced': {
    file: 'src/files/whole-file.ts',
    from: `  await rename(partial, path);
  await syncFolder(dirname(path));`,
    to: '  await rename(partial, path);',
    given: withPowerCuts,
  },
  'the quota refills twice as fast': {
    file: 'src/source/selling-partner/quota.ts',
    from: 'tokens: Math.min(burst, tokens + elapsedSeconds * callsPerSecond * share),',
    to: 'tokens: Math.min(burst, tokens + elapsedSeconds * callsPerSecond * share * 2),',
    given: withBursts,
  },
  'a call is counted twice': {
    file: 'src/source/selling-partner/quota.ts',
    from: 'bucket.tokens -= 1;',
    to: 'bucket.tokens = Math.max(0, bucket.tokens - 2);',
    given: withBursts,
  },
  'a call is not counted': {
    file: 'src/source/selling-partner/quota.ts',
    from: 'bucket.tokens -= 1;',
    to: '',
    given: withBursts,
  },
  'a damaged raw document is not noticed': {
    file: 'src/source/document/raw-store.ts',
    from: '  if (found === undefined) return;',
    to: '  if (found === undefined || store) return;',
    given: { ...quick, swarm: { bitRot: 30, reloads: 12 } },
  },
  'a failed document is released as if it were loaded': {
    file: 'src/ingest/process-document.ts',
    from: '  await release(job.messages, next.delaySeconds, context.log);\n  return failed(job, error',
    to: '  await acknowledge(job.messages, context.log);\n  return failed(job, error',
    given: { ...quick, swarm: { outages: 12 } },
  },
  'a broken download is resumed at the wrong byte': {
    file: 'src/source/document/download.ts',
    from: '  let bytes = begun?.bytes ?? 0;\n  try {',
    to: '  let bytes = Math.max(0, (begun?.bytes ?? 0) - 1);\n  try {',
    given: { ...quick, swarm: { brokenDownloads: 0.4 } },
  },
  'a request is made again when its answer is lost': {
    file: 'src/source/selling-partner/requests.ts',
    from: 'body, once: true }, apiCreatedReport)',
    to: 'body }, apiCreatedReport)',
    given: { ...quick, swarm: { lostAnswers: 0.3 } },
  },
  'a lock stays when its work is done': {
    file: 'src/files/file-lock.ts',
    from: '      if (await isHeld()) await rm(path, { force: true }).catch(() => {});',
    to: '',
    given: withStops,
  },
  'a timer stays when a download is done': {
    file: 'src/source/document/get.ts',
    from: '    endIdleChecks();\n    endPaceChecks();',
    to: '    endIdleChecks();',
    given: withStops,
  },
  'a whole file stays open': {
    file: 'src/files/whole-file.ts',
    from: '    await file.close();',
    to: '',
    given: withStops,
  },
};

/**
 * Runs seeds until one breaks a promise, and returns it; undefined if none of so many does. `given`
 * is in place of what the seeds draw.
 */
export async function findMutation(
  mutation: Mutation,
  { maxSeeds, given }: { maxSeeds: number; given?: Partial<Scenario> },
): Promise<{ seed: number; violation: string } | undefined> {
  const program = await buildProgram(mutation);
  for (let seed = 1; seed <= maxSeeds; seed += 1) {
    const { violation } = await simulate(program, scenarioOf(seed, given));
    if (violation !== undefined) return { seed, violation };
  }
  return undefined;
}
