import type { PipelineContext } from '../ingest/context.js';
import { ledgerKey, type LedgerRow } from '../warehouse/types.js';
import type { LearnedLimits, SellerType } from './learned-limits.js';
import type { ReportEnd } from './learned-spacing.js';
import type { KeyedProgress } from './request-store.js';

/**
 * Learns minimum intervals from how the reports of the last calls ended, which the ledger knows.
 * Reads the ledger only if reports of one type and seller have followed one another.
 */
export async function learnSpacings(
  known: readonly KeyedProgress[],
  learned: LearnedLimits,
  { clock, warehouse }: Pick<PipelineContext, 'clock' | 'warehouse'>,
): Promise<void> {
  const groups = callsByType(known).flatMap(({ of, calls }) => {
    const knownEnds = learned.knownEnds(of);
    const isNew = calls.some(({ reportId }) => reportId !== undefined && !knownEnds.has(reportId));
    return calls.length > 1 && isNew ? [{ of, calls, knownEnds }] : [];
  });
  const keys = groups.flatMap(({ of, calls }) =>
    calls.flatMap(({ reportId }) => (reportId === undefined ? [] : keyOf(of, reportId))),
  );
  if (keys.length === 0) return;
  const rows = await warehouse.seen(keys);
  for (const { of, calls, knownEnds } of groups) {
    const ends = endsOf(calls, (reportId) => rows.get(keyOf(of, reportId))?.status);
    const unknown = ends.filter(({ reportId }) => !knownEnds.has(reportId));
    if (unknown.length > 0) await learned.learn(of, unknown, clock.now());
  }
}

interface Call {
  at: string;
  reportId?: string;
}

function callsByType(known: readonly KeyedProgress[]): { of: SellerType; calls: Call[] }[] {
  const groups = new Map<string, { of: SellerType; calls: Call[] }>();
  for (const { sellerId, reportType, calls = [] } of known) {
    const key = `${sellerId} ${reportType}`;
    const held = groups.get(key) ?? { of: { sellerId, reportType }, calls: [] };
    held.calls.push(...calls);
    groups.set(key, held);
  }
  for (const { calls } of groups.values()) calls.sort((a, b) => (a.at < b.at ? -1 : 1));
  return [...groups.values()];
}

/** The calls whose report has ended, and before which the report of the call before has ended. */
function endsOf(calls: Call[], statusOf: (reportId: string) => LedgerRow['status'] | undefined): ReportEnd[] {
  const hasData = ({ reportId = '' }: Call) => {
    const status = statusOf(reportId);
    if (status === undefined || status === 'skipped') return undefined;
    return status !== 'cancelled' && status !== 'fatal';
  };
  return calls.flatMap((call, index) => {
    const before = calls[index - 1];
    const [has, had] = [hasData(call), before && hasData(before)];
    if (has === undefined || (before && had === undefined) || call.reportId === undefined) return [];
    const minutesSince = before
      ? (Date.parse(call.at) - Date.parse(before.at)) / 60_000
      : Number.POSITIVE_INFINITY;
    return [{ reportId: call.reportId, hasData: has, minutesSince, isAfterData: had ?? false }];
  });
}

function keyOf({ sellerId }: SellerType, reportId: string): string {
  return ledgerKey({ sellerId, reportId });
}
