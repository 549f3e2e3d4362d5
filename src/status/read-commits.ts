import { type ErrorCode, isMachinesError } from '../errors/reports-error.js';
import { checkFolderWritable } from '../files/whole-file.js';
import type { PipelineContext } from '../ingest/context.js';
import { localFolders } from '../store/open-store.js';
import { openPolled, type PollOptions } from './polled.js';
import type { RunLog } from './run-log.js';
import type { Problem, RunRecord } from './types.js';

const probeMs = { usually: 30_000, afterFailure: 5000 };

/**
 * Returns a function that reads why nothing can be committed now; undefined if loads can be
 * committed, as far as is known. A drain proves it one way or the other, because it begins by
 * writing to every store and to the warehouse. Between drains the folders of this machine are
 * probed, at most every 30 seconds. A probe of a bucket would cost money, and one of the warehouse
 * would take the file from others.
 */
export function openCommitPoll(
  { config, clock }: Pick<PipelineContext, 'config' | 'clock'>,
  runLog: Pick<RunLog, 'runs'>,
  options: Pick<PollOptions, 'waitsForReading'> = {},
): () => Promise<Problem | undefined> {
  let hasFailed = false;
  const probe = openPolled(
    async () => {
      hasFailed = true;
      for (const folder of localFolders(config)) await checkFolderWritable(folder);
      hasFailed = false;
    },
    {
      ...options,
      clock,
      isDue: (sinceMs) => sinceMs >= (hasFailed ? probeMs.afterFailure : probeMs.usually),
    },
  );
  return async () => {
    const { problem } = await probe();
    return problem ?? problemOfRuns(runLog.runs());
  };
}

/** What the latest run that shows it says about commits. */
export function problemOfRuns(runs: RunRecord[]): Problem | undefined {
  const shown = runs.flatMap((run): { at: string; problem?: Problem }[] => {
    const { error, failures, kind, startedAt, endedAt } = run;
    const found = [...(error ? [error] : []), ...failures].find(({ code }) => preventsCommits(code));
    // A run that is still going on is the latest.
    const at = endedAt ?? '9999';
    if (found) {
      const { code, message, remedy } = found;
      return [{ at, problem: { code, message, remedy, since: startedAt } }];
    }
    const isProof = endedAt !== undefined && kind === 'drain' && !error;
    return isProof ? [{ at }] : [];
  });
  const [first, ...rest] = shown;
  return first && rest.reduce((latest, each) => (each.at > latest.at ? each : latest), first).problem;
}

/** Of a warehouse or a bucket: those that other loads would meet too, now and for a while. */
const preventing: ReadonlySet<string> = new Set<ErrorCode>([
  'WAREHOUSE_LOCKED',
  'WAREHOUSE_UNREADABLE',
  'WAREHOUSE_FORMAT_UNSUPPORTED',
  'WAREHOUSE_QUOTA_EXCEEDED',
  'WAREHOUSE_ACCESS_DENIED',
  'WAREHOUSE_PERIMETER_DENIED',
  'WAREHOUSE_KEY_DENIED',
  'WAREHOUSE_NOT_FOUND',
  'WAREHOUSE_UNREACHABLE',
  'REBUILD_INCOMPLETE',
  'BUCKET_ACCESS_DENIED',
  'BUCKET_NOT_FOUND',
  'BUCKET_UNREACHABLE',
]);

function preventsCommits(code: string): boolean {
  return isMachinesError(code) || preventing.has(code);
}
