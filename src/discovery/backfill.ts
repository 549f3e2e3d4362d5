import { describeError, ReportsError } from '../errors/reports-error.js';
import type { Report } from '../source/types.js';
import { ledgerKey } from '../warehouse/types.js';
import type { DocumentQuota, PipelineContext } from '../ingest/context.js';
import { checkOrMend } from '../maintenance/repair-warehouse.js';
import { isSettled, type Pipeline } from '../ingest/route.js';
import { typesAskedFor, unloadedReports, workFor } from './unloaded-reports.js';
import { type DrainSignals, WorkList } from '../ingest/work-list.js';
import { type Failure, failureOf, type WorkSummary } from '../ingest/work-summary.js';

/** Of the burst of 15 documents a seller so many are left to what notifications tell of. */
export const callsLeftToDrains = 10;

/** What a backfill is about. */
export interface BackfillScope {
  /** When the reports were created. */
  createdSince: Date;
  createdUntil: Date;
  /** Names and patterns; without them all that the pipeline asks for. */
  reportTypes?: string[];
  sellerIds: string[];
}

/** What a backfill would do for one seller. */
export interface SellerPlan {
  sellerId: string;
  /** Finished reports that Amazon has, those in the ledger included. */
  found: number;
  /** Documents to fetch. */
  unloaded: Report[];
}

export interface BackfillPlan {
  reportTypes: string[];
  sellers: SellerPlan[];
  /** Sellers that could not be asked about. */
  failures: Failure[];
}

/** Asks getReports what there is in the window that the ledger doesn't have, waiting for its quota; loads nothing. */
export async function planBackfill(
  pipeline: Pipeline,
  { createdSince, createdUntil, ...scope }: BackfillScope,
  context: PipelineContext,
  { stop }: DrainSignals,
): Promise<BackfillPlan> {
  const reportTypes = await typesAskedFor(pipeline, context, scope.reportTypes);
  const plan: BackfillPlan = { reportTypes, sellers: [], failures: [] };
  for (const sellerId of scope.sellerIds) {
    const seller = context.sellingPartner(sellerId);
    if (!seller || stop.aborted) continue;
    const own: SellerPlan = { sellerId, found: 0, unloaded: [] };
    const asked = { reportTypes, createdSince, createdUntil };
    try {
      for await (const { found, unloaded } of unloadedReports(seller, asked, { signal: stop }, context)) {
        own.found += found;
        own.unloaded.push(...unloaded);
      }
      plan.sellers.push(own);
    } catch (error) {
      if (stop.aborted) break;
      if (!(error instanceof ReportsError) || error.code === 'WAREHOUSE_LOCKED') throw error;
      plan.failures.push(failureOf(sellerId, error));
      context.log.error({ sellerId, code: error.code }, describeError(error));
    }
  }
  return plan;
}

/** Epoch milliseconds when the quota will have allowed all documents of the plan. */
export function quotaAllowsAtMs({ sellers }: BackfillPlan, context: PipelineContext): number {
  const times = sellers.map(({ sellerId, unloaded }) =>
    unloaded.length === 0 ? 0 : leftOver(context.documentQuota(sellerId)).nextAvailableMs(unloaded.length),
  );
  return Math.max(context.clock.now(), ...times);
}

/**
 * Loads what the plan found, sellers in turn, by the same path as a drain. It takes as long as the quota makes it, and leaves calls to
 * drains, whose documents are fresh. What is in the ledger is done: stopped, it goes on where a new plan begins.
 */
export async function runBackfill(
  pipeline: Pipeline,
  plan: BackfillPlan,
  context: PipelineContext,
  signals: DrainSignals,
): Promise<WorkSummary> {
  const { concurrency, maxDocumentBytes } = pipeline.limits;
  await checkOrMend(context, maxDocumentBytes);
  const ownContext = { ...context, documentQuota: (id: string) => leftOver(context.documentQuota(id)) };
  const work = new WorkList(ownContext, { concurrency, deadlineMs: Number.POSITIVE_INFINITY, ...signals });
  try {
    for (const { sellerId, report } of inTurns(plan.sellers)) {
      await work.hasRoom();
      if (signals.stop.aborted || work.warehouseIsHeld || work.damage) break;
      // A notification may have brought it since the plan was made.
      if (!(await isLoaded(sellerId, report, context))) work.add(workFor(sellerId, report, pipeline));
    }
  } finally {
    await work.finish();
  }
  return work.summary;
}

/** The quota without what is left to drains. */
function leftOver(quota: DocumentQuota): DocumentQuota {
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

/** A report of each seller, then the next of each: the work in hand is bounded, and no seller waits for the whole of another. */
function* inTurns(sellers: SellerPlan[]): Generator<{ sellerId: string; report: Report }> {
  const most = Math.max(0, ...sellers.map(({ unloaded }) => unloaded.length));
  for (let index = 0; index < most; index += 1) {
    for (const { sellerId, unloaded } of sellers) {
      const report = unloaded[index];
      if (report) yield { sellerId, report };
    }
  }
}
