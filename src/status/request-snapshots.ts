import { describeError, errorCode } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import type { Progress, RequestBook } from '../pipeline/requests/book.js';
import { plansOf } from '../pipeline/requests/plan.js';
import { countStandings } from '../pipeline/requests/progress.js';
import type { Pipeline } from '../config/spec.js';
import { nextRun } from './next-run.js';
import type { Problem, RequestSnapshot } from './types.js';

/**
 * Returns the progress of a pipeline's requests, as stored in the state folder: it survives
 * restarts and includes requests made by other processes.
 */
export function requestSnapshots(
  pipeline: Pipeline,
  { config, clock }: Pick<PipelineContext, 'config' | 'clock'>,
  book: RequestBook,
): RequestSnapshot[] {
  const { progresses, unread } = readProgress(book, clock.now());
  return plansOf(pipeline, config).map((plan) => {
    const { sellerId, reportType, marketplaceIds, reportOptions, cron, timezone, period } = plan;
    const progress = progresses.get(plan.key);
    const nextAt = cron === undefined ? undefined : nextRun([cron], timezone);
    const problem = unread ?? (progress && problemOf(progress));
    return {
      sellerId,
      reportType,
      marketplaceIds,
      reportOptions,
      ...(cron !== undefined && { cron }),
      ...(period !== undefined && { period }),
      ...(nextAt !== undefined && { nextAt }),
      ...(progress?.lastAskedAt !== undefined && { lastAskedAt: progress.lastAskedAt }),
      ...(progress ? countStandings(progress, clock.now()) : { underway: 0, waiting: 0 }),
      givenUp: progress?.givenUp.length ?? 0,
      ...(problem && { problem }),
    };
  });
}

/** What could not be read is a problem of each request, and keeps nobody from the other facts. */
function readProgress(
  book: RequestBook,
  nowMs: number,
): { progresses: Map<string, Progress>; unread?: Problem } {
  try {
    return { progresses: new Map(book.all().map((progress) => [progress.key, progress])) };
  } catch (error) {
    const since = new Date(nowMs).toISOString();
    return {
      progresses: new Map(),
      unread: { code: errorCode(error), message: describeError(error), since },
    };
  }
}

function problemOf({ refused, givenUp }: Progress): Problem | undefined {
  if (refused) return { code: 'REPORT_REQUEST_REFUSED', message: refused.found, since: refused.at };
  const last = givenUp.at(-1);
  if (!last) return undefined;
  const [start, end] = [last.start, last.end].map((time) => time.replace(/:00\.000Z$/, 'Z'));
  const period = start === end ? start : `${start} to ${end}`;
  return { code: 'REPORT_GIVEN_UP', message: `${period}: ${last.found}`, since: last.at };
}
