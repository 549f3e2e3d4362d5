import { nextTick } from '../config/cron-ticks.js';
import { ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { partsProgress } from '../requests/parts-progress.js';
import { plansOf, type RequestPlan } from '../requests/request-plans.js';
import { countOpen, type RequestProgress } from '../requests/request-progress.js';
import type { KeyedProgress, RequestStore } from '../requests/request-store.js';
import type { Pipeline } from '../config/spec.js';
import type { Problem, RequestSnapshot } from './types.js';

/**
 * Returns the progress of a pipeline's requests, as stored in the state folder: it survives
 * restarts and includes requests made by other processes. If the state can't be read, every
 * request has that as its problem.
 */
export function requestSnapshots(
  pipeline: Pipeline,
  { config, schemas, clock }: Pick<PipelineContext, 'config' | 'schemas' | 'clock'>,
  store: RequestStore,
): RequestSnapshot[] {
  const { requests, problem: unreadable } = readRequests(store, clock.now());
  const progresses = new Map(requests.map((progress) => [progress.key, progress]));
  return plansOf(pipeline, { config, schemas }).map((plan) => {
    const { sellerId, reportType, marketplaceIds, reportOptions, cron, timezone, period } = plan;
    const progress = progresses.get(plan.key);
    const nextAt = cron === undefined ? undefined : nextTick([cron], timezone, clock.now());
    const problem = unreadable ?? (progress && problemOf(progress));
    const { inFlight, backingOff } = progress
      ? countOpen(progress, clock.now())
      : { inFlight: 0, backingOff: 0 };
    return {
      sellerId,
      reportType,
      marketplaceIds,
      reportOptions,
      cron,
      period,
      nextAt,
      lastRequestedAt: progress?.lastRequestedAt,
      inFlight,
      backingOff,
      abandoned: progress?.abandoned.length ?? 0,
      parts: partsOf(plan, progress, clock.now()),
      problem,
    };
  });
}

/** The newest window that is divided into parts, and how many windows are. */
function partsOf(
  plan: RequestPlan,
  progress: RequestProgress | undefined,
  nowMs: number,
): RequestSnapshot['parts'] {
  const divided = partsProgress([{ plan, progress }], nowMs);
  const [newest] = divided;
  if (!newest) return undefined;
  const { dataStart, dataEnd, done, total } = newest;
  return { dataStart, dataEnd, done, total, windows: divided.length };
}

/** The stored requests, or the problem if the file holds something else. */
export function readRequests(
  store: RequestStore,
  nowMs: number,
): { requests: KeyedProgress[]; problem?: Problem } {
  try {
    return { requests: store.all() };
  } catch (error) {
    if (!(error instanceof ReportsError)) throw error;
    const { code, message } = error;
    return { requests: [], problem: { code, message, since: new Date(nowMs).toISOString() } };
  }
}

function problemOf({ refusal, outage, abandoned }: RequestProgress): Problem | undefined {
  if (refusal) return { code: 'REPORT_REQUEST_REFUSED', message: refusal.found, since: refusal.at };
  if (outage) return { code: 'REPORT_OUTAGE', message: outage.found, since: outage.since };
  const last = abandoned.at(-1);
  if (!last) return undefined;
  const [start, end] = [last.start, last.end].map((time) => time.replace(/:00\.000Z$/, 'Z'));
  const period = start === end ? start : `${start} to ${end}`;
  return { code: 'REPORT_GIVEN_UP', message: `${period}: ${last.found}`, since: last.at };
}
