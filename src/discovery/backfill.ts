import { describeError, ReportsError } from '../errors/reports-error.js';
import type { Report } from '../source/types.js';
import { ledgerKey } from '../warehouse/types.js';
import type { PipelineContext, StopSignals } from '../ingest/context.js';
import type { CallQuota } from '../scheduling/call-plan.js';
import { ensureWritable } from '../maintenance/repair-warehouse.js';
import type { Pipeline } from '../config/spec.js';
import { isSettled } from '../ingest/route.js';
import { callsLeftToDrains } from '../scheduling/calls-left.js';
import { typesToList, unloadedReports, jobFor } from './unloaded-reports.js';
import { IngestRun } from '../ingest/ingest-run.js';
import { type Failure, failureOf, type WorkSummary } from '../ingest/work-summary.js';

/** Which reports a backfill covers. */
export interface BackfillScope {
  /** When the reports were created. */
  createdSince: Date;
  createdUntil: Date;
  /** Names and patterns; by default everything that the pipeline loads. */
  reportTypes?: string[];
  sellerIds: string[];
}

/** What a backfill would load for one seller. */
export interface SellerPlan {
  sellerId: string;
  /** Finished reports that Amazon has, including those in the ledger. */
  found: number;
  /** Documents to fetch. */
  unloaded: Report[];
}

export interface BackfillPlan {
  reportTypes: string[];
  sellers: SellerPlan[];
  /** Sellers whose reports could not be listed. */
  failures: Failure[];
}

/**
 * Lists by getReports, waiting for its quota, the reports of the period that the ledger does not
 * have. Loads nothing.
 */
export async function planBackfill(
  pipeline: Pipeline,
  { createdSince, createdUntil, ...scope }: BackfillScope,
  context: PipelineContext,
  { stop }: StopSignals,
): Promise<BackfillPlan> {
  const reportTypes = await typesToList(pipeline, context, scope.reportTypes);
  const plan: BackfillPlan = { reportTypes, sellers: [], failures: [] };
  for (const sellerId of scope.sellerIds) {
    const seller = context.sellingPartner(sellerId);
    if (!seller || stop.aborted) continue;
    const own: SellerPlan = { sellerId, found: 0, unloaded: [] };
    const filter = { reportTypes, createdSince, createdUntil };
    try {
      for await (const { found, unloaded } of unloadedReports(seller, filter, { signal: stop }, context)) {
        own.found += found;
        own.unloaded.push(...unloaded);
      }
      plan.sellers.push(own);
    } catch (error) {
      if (stop.aborted) break;
      if (!(error instanceof ReportsError) || error.code === 'WAREHOUSE_LOCKED') throw error;
      plan.failures.push(failureOf({ key: sellerId, sellerId }, error));
      context.log.error({ sellerId, code: error.code }, describeError(error));
    }
  }
  return plan;
}

/** Epoch milliseconds by which the quota will have allowed all documents of the plan. */
export function quotaAllowsAtMs({ sellers }: BackfillPlan, context: PipelineContext): number {
  const times = sellers.map(({ sellerId, unloaded }) =>
    unloaded.length === 0 ? 0 : leftOver(context.documentQuota(sellerId)).nextAvailableMs(unloaded.length),
  );
  return Math.max(context.clock.now(), ...times);
}

/**
 * Loads what the plan found, sellers taking turns, by the same data path as a drain. It takes as
 * long as the quota requires, and leaves calls to drains, whose documents are fresh. Documents in
 * the ledger are done, so a stopped backfill continues with a new plan.
 */
export async function runBackfill(
  pipeline: Pipeline,
  plan: BackfillPlan,
  context: PipelineContext,
  signals: StopSignals,
): Promise<WorkSummary> {
  const { concurrency, maxDocumentBytes } = pipeline.limits;
  await ensureWritable(context, maxDocumentBytes);
  const ownContext = { ...context, documentQuota: (id: string) => leftOver(context.documentQuota(id)) };
  const run = new IngestRun(ownContext, {
    maxConcurrent: concurrency,
    deadlineMs: Number.POSITIVE_INFINITY,
    ...signals,
  });
  try {
    for (const { sellerId, report } of inTurns(plan.sellers)) {
      await run.hasRoom();
      if (signals.stop.aborted || run.isWarehouseLocked || run.damage) break;
      // A notification may have brought it since the plan was made.
      if (!(await isLoaded(sellerId, report, context))) run.add(jobFor(sellerId, report, pipeline));
    }
  } finally {
    await run.finish();
  }
  return run.summary;
}

/** The quota minus the calls that are left to drains. */
function leftOver(quota: CallQuota): CallQuota {
  return {
    available: () => Math.max(0, quota.available() - callsLeftToDrains),
    nextAvailableMs: (calls = 1) => quota.nextAvailableMs(calls + callsLeftToDrains),
    possibleUntil: (epochMs) => Math.max(0, quota.possibleUntil(epochMs) - callsLeftToDrains),
  };
}

async function isLoaded(sellerId: string, report: Report, context: PipelineContext): Promise<boolean> {
  const key = ledgerKey({ sellerId, documentId: report.documentId ?? null, reportId: report.reportId });
  const row = (await context.warehouse.seen([key])).get(key);
  return row !== undefined && isSettled(row, 'load');
}

/**
 * One report of each seller, then the next of each, so that no seller waits for all reports of
 * another.
 */
function* inTurns(sellers: SellerPlan[]): Generator<{ sellerId: string; report: Report }> {
  const maxReports = Math.max(0, ...sellers.map(({ unloaded }) => unloaded.length));
  for (let index = 0; index < maxReports; index += 1) {
    for (const { sellerId, unloaded } of sellers) {
      const report = unloaded[index];
      if (report) yield { sellerId, report };
    }
  }
}
