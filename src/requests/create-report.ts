import { ReportsError } from '../errors/reports-error.js';
import { faultPoint } from '../runtime/fault-point.js';
import type { CallOptions, SellingPartner } from '../source/types.js';
import { limitAllowsAtMs } from '../scheduling/call-plan.js';
import { callTimesOf, type RequestLimit } from './call-limits.js';
import { applyToWindow, changed, type RequestProgress, windowVersion } from './request-progress.js';
import { optionsOf, type RequestPlan } from './request-plans.js';
import type { RequestCycle, RequestedReport } from './types.js';
import type { Attempt } from './window-states.js';
import { reportPeriod, type Window } from './windows.js';

const dayMs = 86_400_000;

/**
 * Calls createReport for one window. The attempt is stored before the call and its result after it:
 * a crash in between leaves the window `unconfirmed`, and Amazon's list of reports decides whether
 * it is requested again. Returns undefined if another process or pipeline was faster: with this
 * window, or with a report of a type that has a limit.
 * Errors: REPORT_REQUEST_REFUSED if Amazon would refuse the same call again; API_QUOTA_EXCEEDED,
 * API_UNAVAILABLE, API_UNREACHABLE, LOGIN_REFUSED.
 */
export async function createReport(
  {
    plan,
    window,
    limits,
    known,
  }: { plan: RequestPlan; window: Window; limits: RequestLimit[]; known: RequestProgress },
  { store, context }: Pick<RequestCycle, 'store' | 'context'>,
  seller: SellingPartner,
  call: CallOptions,
): Promise<Omit<RequestedReport, 'reason'> | undefined> {
  const { key, sellerId, reportType, marketplaceIds } = plan;
  /** The window is ours as long as it has this version. */
  let version = windowVersion(known, window);
  let attemptedAt: string | undefined;
  let before: Pick<RequestProgress, 'lastRequestedAt' | 'calls'> = {};
  if (!(await recordAttempt())) return undefined;
  faultPoint('request-noted');
  const wanted = {
    reportType,
    marketplaceIds,
    reportOptions: optionsOf(plan, window),
    ...reportPeriod(window),
  };
  let isSent = false;
  const onTaken = async () => {
    if (!(await recordAttempt())) throw otherWasFaster;
    isSent = true;
  };
  let reportId: string;
  try {
    reportId = await seller.createReport(wanted, { ...call, onTaken });
  } catch (error) {
    const mayExist = isSent && (!(error instanceof ReportsError) || unknownResults.has(error.code));
    if (mayExist && error !== otherWasFaster) throw error;
    await withdrawAttempt();
    if (error === otherWasFaster) return undefined;
    if (!(error instanceof ReportsError) || !refusals.has(error.code)) throw error;
    const period = window.startMs === window.endMs ? 'of now' : `${wanted.dataStart} to ${wanted.dataEnd}`;
    const details = { sellerId, reportType, period, found: error.details.found ?? error.message };
    throw new ReportsError('REPORT_REQUEST_REFUSED', details, { cause: error });
  }
  faultPoint('request-made');
  await store.update(key, (held) => {
    if (!held) return held;
    const event = { type: 'report-created', reportId, at: attemptedAt ?? '' } as const;
    const { refusal, ...rest } = applyToWindow(held, window, event, context.clock.now());
    const calls = rest.calls?.map((call) => (isThisCall(call) ? { ...call, reportId } : call));
    return refusal ? changed(rest, { calls }) : { ...rest, calls };
  });
  const { items } = window;
  return { sellerId, reportType, marketplaceIds, ...reportPeriod(window), items, reportId };

  /**
   * Stores that the window is attempted now; a second time when the call has its quota, for which
   * it may have waited. Resolves to false if another process was faster.
   */
  async function recordAttempt(): Promise<boolean> {
    let isOurs = false;
    await store.update(key, (held, all) => {
      const nowMs = context.clock.now();
      // The first attempt has counted this call itself.
      const known = all.map((each) =>
        each.key === key && attemptedAt !== undefined ? { ...each, ...before } : each,
      );
      const isUnchanged = held !== undefined && windowVersion(held, window) === version;
      const isAllowed = limits.every(
        (limit) => limitAllowsAtMs(limit, callTimesOf(limit, known, { lostAtMs: store.lostAtMs() })) <= nowMs,
      );
      if (!isUnchanged || !isAllowed) return held;
      const attempted = applyToWindow(held, window, { type: 'attempted' }, nowMs);
      isOurs = attempted !== held;
      if (!isOurs) return held;
      if (attemptedAt === undefined) before = { lastRequestedAt: held.lastRequestedAt, calls: held.calls };
      const at = new Date(nowMs).toISOString();
      const calls = [...otherCalls(held).filter((call) => nowMs - Date.parse(call.at) <= dayMs), { at }];
      attemptedAt = at;
      version = windowVersion(attempted, window);
      return { ...attempted, lastRequestedAt: at, calls };
    });
    return isOurs;
  }

  /** The calls of the request but this one. */
  function otherCalls({ calls = [] }: RequestProgress): Attempt[] {
    return calls.filter((call) => !isThisCall(call));
  }

  /** Another call of the same moment has its report already. */
  function isThisCall({ at, reportId: known }: Attempt): boolean {
    return at === attemptedAt && known === undefined;
  }

  /** Amazon created nothing: the window is due again, and the call does not count. */
  async function withdrawAttempt(): Promise<void> {
    await store.update(key, (held) => {
      if (!held || windowVersion(held, window) !== version) return held;
      const rest = applyToWindow(held, window, { type: 'not-created' }, context.clock.now());
      const isLast = rest.lastRequestedAt === attemptedAt;
      const lastRequestedAt = isLast ? before.lastRequestedAt : rest.lastRequestedAt;
      return { ...rest, lastRequestedAt, calls: otherCalls(rest) };
    });
  }
}

/** Another process requested the window while this one waited for the quota. */
const otherWasFaster = new Error('another process requested the window');

/** After these errors of a call, nobody knows whether Amazon creates the report. */
const unknownResults = new Set<string>(['API_UNAVAILABLE', 'API_UNREACHABLE']);

const refusals = new Set<string>(['API_REQUEST_REFUSED', 'API_ACCESS_DENIED', 'API_NOT_FOUND']);
