import { buildProgram, type Mutation } from './program.js';
import { scenarioOf, simulate } from './simulate.js';

/** Mistakes that break a promise, each by one change of the program. */
export const mutations: Record<string, Mutation> = {
  'a message is deleted before the commit': {
    file: 'src/ingest/process-document.ts',
    from: `    const entry = await commit.submit(job.before ? { ...load, replacesKey: job.before.key } : load);
    await acknowledge(messages, context.log);`,
    to: `    await acknowledge(messages, context.log);
    const entry = await commit.submit(job.before ? { ...load, replacesKey: job.before.key } : load);`,
  },
  'the older report wins': {
    file: 'src/warehouse/ledger/rank-documents.ts',
    from: 'compare(a.madeMicros, b.madeMicros) ||',
    to: 'compare(b.madeMicros, a.madeMicros) ||',
  },
  'a late snapshot wins': {
    file: 'src/warehouse/rules/newest-wins.ts',
    from: 'other.rank > one.rank && coversMarketplaceOf(other, one)',
    to: 'other.rank < one.rank && coversMarketplaceOf(other, one)',
  },
  'a whole file is renamed without a sync': {
    file: 'src/files/whole-file.ts',
    from: `  await file.sync();
  await rename(partial, path);`,
    to: '  await rename(partial, path);',
  },
  'the folder of a whole file is not synced': {
    file: 'src/files/whole-file.ts',
    from: `  await rename(partial, path);
  await syncFolder(dirname(path));`,
    to: '  await rename(partial, path);',
  },
  'the quota refills twice as fast': {
    file: 'src/source/selling-partner/quota.ts',
    from: 'tokens: Math.min(burst, tokens + elapsedSeconds * callsPerSecond * share),',
    to: 'tokens: Math.min(burst, tokens + elapsedSeconds * callsPerSecond * share * 2),',
  },
  'a call is counted twice': {
    file: 'src/source/selling-partner/quota.ts',
    from: 'bucket.tokens -= 1;',
    to: 'bucket.tokens = Math.max(0, bucket.tokens - 2);',
  },
  'a call is not counted': {
    file: 'src/source/selling-partner/quota.ts',
    from: 'bucket.tokens -= 1;',
    to: '',
  },
  'a damaged raw document is not noticed': {
    file: 'src/source/document/raw-store.ts',
    from: '  if (found === undefined) return;',
    to: '  if (found === undefined || store) return;',
  },
  'a report without its document keeps a row of its own': {
    file: 'src/warehouse/rules/commit-rules.ts',
    from: '  return [...ofReport, ...(replacesKey ? [replacesKey] : [])].filter((other) => other !== key);',
    to: '  return [...ofReport, ...(replacesKey ? [replacesKey] : [])].filter((other) => other === key);',
  },
  'a lock of a process that runs is taken over': {
    file: 'src/files/file-lock.ts',
    from: '  return holder.pid === process.pid ? !ours.has(holder.id) : !isRunning(holder.pid);',
    to: '  return holder.pid === process.pid ? !ours.has(holder.id) : true;',
  },
  'a failed document is released as if it were loaded': {
    file: 'src/ingest/process-document.ts',
    from: '  await release(job.messages, next.delaySeconds, context.log);\n  return failed(job, error',
    to: '  await acknowledge(job.messages, context.log);\n  return failed(job, error',
  },
  'a broken download is resumed at the wrong byte': {
    file: 'src/source/document/download.ts',
    from: '  let bytes = begun?.bytes ?? 0;\n  try {',
    to: '  let bytes = Math.max(0, (begun?.bytes ?? 0) - 1);\n  try {',
  },
  'a request is made again when its answer is lost': {
    file: 'src/source/selling-partner/requests.ts',
    from: 'body, once: true }, apiCreatedReport)',
    to: 'body }, apiCreatedReport)',
  },
};

/** Runs seeds until one breaks a promise. Returns it; undefined if none of so many does. */
export async function findMutation(
  mutation: Mutation,
  { firstSeed = 1, maxSeeds }: { firstSeed?: number; maxSeeds: number },
): Promise<{ seed: number; seeds: number; violation: string } | undefined> {
  const program = await buildProgram(mutation);
  for (let seed = firstSeed; seed < firstSeed + maxSeeds; seed += 1) {
    const { violation } = await simulate(program, scenarioOf(seed));
    if (violation !== undefined) return { seed, seeds: seed - firstSeed + 1, violation };
  }
  return undefined;
}
