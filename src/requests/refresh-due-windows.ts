import { lastTickMs } from '../config/cron-ticks.js';
import { ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { failureOf } from '../ingest/work-summary.js';
import { type LedgerFilter, ledgerKey } from '../warehouse/types.js';
import {
  computeDueWindows,
  type DueWindows,
  evidenceSinceMs,
  undividedWindows,
  unknownWindows,
  withinBounds,
} from './due-windows.js';
import { type AnsweringReport, answerFields, type Evidence } from './ledger-answers.js';
import { type RefreshRules, refreshEvent, refreshRules } from './refresh-rules.js';
import { isCoveredBy, type RequestPlan } from './request-plans.js';
import {
  type AbandonedWindow,
  fillGaps,
  forceRetries,
  openReportIds,
  type RequestProgress,
} from './request-progress.js';
import { mustDivide } from './parts.js';
import { readParts } from './read-parts.js';
import type { KeyedProgress } from './request-store.js';
import type { RequestCycle } from './types.js';
import { maxClockSkewMs, type WindowRecord } from './window-states.js';
import { minDataEndMs } from './windows.js';

/**
 * Brings the stored progress of a request up to date and returns its due windows. An outage that
 * begins now, and windows that are abandoned now, are reported as failures, unless `isQuiet`: the
 * request belongs to another pipeline, whose own cycle stores and reports them.
 */
export async function refreshDueWindows(
  plan: RequestPlan,
  { store, context, options, summary, divided }: RequestCycle,
  { isQuiet }: { isQuiet: boolean },
): Promise<DueWindows> {
  const nowMs = context.clock.now();
  const dueAtMs = options.now ? nowMs : (lastTickMs(plan.cron ?? '', plan.timezone, nowMs) ?? nowMs);
  const untilMs = dueAtMs - plan.lagMs;
  const rules = refreshRules(plan, context.schemas);
  const evidence = await readEvidence(plan, rules, untilMs, store.all(), context);
  let parts: string[] | undefined;
  let before = store.progress(plan.key);
  const times = { nowMs, untilMs, ignoresRefusal: options.now ?? false };
  const gaps = options.gaps?.get(plan.key);
  const refreshed = (held: RequestProgress | undefined): DueWindows => {
    const forced = options.forceRetries && held ? forceRetries(held, nowMs) : held;
    const known = { ...evidence, parts };
    const found = computeDueWindows(plan, rules, forced, known, times);
    // Windows that the ledger answers by now are no gaps: they come after its evidence.
    return gaps ? computeDueWindows(plan, rules, fillGaps(found.progress, gaps, nowMs), known, times) : found;
  };
  let result = refreshed(before);
  const undivided = plan.items ? undividedWindows(plan, result.progress, untilMs) : [];
  if (plan.items && mustDivide(result.progress, undivided)) {
    parts = await readParts({ ...plan, items: plan.items }, context).catch(reportItems);
    result = refreshed(before);
  }
  if (isQuiet && newFailures(plan, before, result.progress, evidence).length > 0)
    return { ...result, due: [] };
  // Most cycles find nothing new and do not write.
  if (result.progress.version !== before?.version && !options.dryRun) {
    await store.update(plan.key, (held) => {
      before = held;
      result = refreshed(held);
      return result.progress;
    });
  }
  if (plan.items) divided.set(plan.key, result.progress);
  for (const error of newFailures(plan, before, result.progress, evidence)) {
    summary.failures.push(failureOf(plan, error));
    context.log.error({ sellerId: plan.sellerId, code: error.code }, error.message);
  }
  return result;

  /** The parts of earlier windows go on. */
  function reportItems(error: unknown): undefined {
    if (!(error instanceof ReportsError) || !error.code.startsWith('REQUEST_ITEM')) throw error;
    const { sellerId } = plan;
    if (isQuiet) return;
    summary.failures.push(failureOf(plan, error));
    context.log.error({ sellerId, code: error.code }, error.message);
  }
}

function abandonedError(
  { sellerId, reportType }: RequestPlan,
  { start, end, items, found, partsLeft }: AbandonedWindow,
): ReportsError {
  const time = start === end ? `of ${start}` : `${start} to ${end}`;
  const period = items === undefined ? time : `${time}, ${items}`;
  return partsLeft === undefined
    ? new ReportsError('REPORT_GIVEN_UP', { sellerId, reportType, period, found })
    : new ReportsError('REPORT_PARTS_LEFT', { sellerId, reportType, period, count: partsLeft });
}

/**
 * An outage that has begun, and windows that were abandoned. An outage of a type is reported once.
 */
function newFailures(
  plan: RequestPlan,
  before: RequestProgress | undefined,
  after: RequestProgress,
  { otherRequests }: Evidence,
): ReportsError[] {
  const errors = newlyAbandoned(before, after).map((each) => abandonedError(plan, each));
  const { sellerId, reportType } = plan;
  const { outage } = after;
  const isKnown = before?.outage || otherRequests.some((each) => outage?.isOfType && each.outage?.isOfType);
  if (!outage || isKnown) return errors;
  const { since, found } = outage;
  return [new ReportsError('REPORT_OUTAGE', { sellerId, reportType, since, found }), ...errors];
}

/** Compares times, not lengths: the list of abandoned windows drops its oldest ones. */
function newlyAbandoned(before: RequestProgress | undefined, after: RequestProgress): AbandonedWindow[] {
  const textOf = ({ start, end, items, at }: AbandonedWindow) => [start, end, items, at].join(' ');
  const known = new Set(before?.abandoned.map(textOf));
  return after.abandoned.filter((each) => !known.has(textOf(each)));
}

/**
 * Looks up the reports of a request in the ledger, and the other requests of its type among all
 * stored ones. Reports of others are read only if there are new windows or due refreshes, and no
 * older ones than these need.
 */
async function readEvidence(
  plan: RequestPlan,
  rules: RefreshRules,
  untilMs: number,
  all: KeyedProgress[],
  { clock, warehouse }: PipelineContext,
): Promise<Evidence> {
  const { sellerId, reportType } = plan;
  const nowMs = clock.now();
  const held = all.find(({ key }) => key === plan.key);
  const progress = held && withinBounds(held, plan, rules, nowMs);
  const ids = progress ? openReportIds(progress) : [];
  const keyOf = (reportId: string) => ledgerKey({ sellerId, reportId });
  const seen = await warehouse.seen(ids.map(keyOf));
  const requested = new Map(
    ids.flatMap((id) => {
      const row = seen.get(keyOf(id));
      return row && row.status !== 'skipped' ? [[id, row] as const] : [];
    }),
  );
  const others: AnsweringReport[] = [];
  if (!progress || unknownWindows(plan, progress, untilMs).length > 0) {
    const sinceMs = plan.window && evidenceSinceMs(plan.window, plan, progress, { nowMs, untilMs });
    const filter = sinceMs === undefined ? { createdSince: iso(untilMs) } : endingSince(sinceMs);
    others.push(...(await readOthers(filter)));
  }
  const refreshes = progress ? dueRefreshes(progress, rules, { nowMs, dueAtMs: untilMs + plan.lagMs }) : [];
  if (refreshes.length > 0) {
    const startMs = Math.min(...refreshes.map(({ record }) => Date.parse(record.start)));
    const createdMs = Math.min(...refreshes.map(({ since }) => Date.parse(since))) - maxClockSkewMs;
    others.push(...(await readOthers({ ...endingSince(startMs), createdSince: iso(createdMs) })));
  }
  const otherRequests = all.filter((each) => each.reportType === reportType && each.key !== plan.key);
  return { requested, others, otherRequests };

  async function readOthers(filter: LedgerFilter): Promise<AnsweringReport[]> {
    const rows = await warehouse.loadFields(answerFields, {
      reportType,
      sellerId,
      statuses: ['loaded', 'empty', 'cancelled', 'quarantined'],
      ...filter,
    });
    return rows.filter((row) => isCoveredBy(plan, row.marketplaceIds));
  }
}

function endingSince(ms: number): LedgerFilter {
  return { dataEndSince: iso(minDataEndMs(ms)) };
}

/** Windows with data that have reached an age since their newest report was created. */
function dueRefreshes(
  { windows }: RequestProgress,
  rules: RefreshRules,
  times: { nowMs: number; dueAtMs: number },
): { record: WindowRecord; since: string }[] {
  return windows.flatMap((record) => {
    const event = refreshEvent(record, rules, times);
    return event?.type === 'refresh-due' ? [{ record, since: event.since }] : [];
  });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
