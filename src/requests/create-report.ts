import { ReportsError } from '../errors.js';
import type { CallOptions, SellingPartner } from '../source/types.js';
import { faultPoint } from '../fault-point.js';
import { apartAtMs } from './min-interval.js';
import type { Progress } from './request-store.js';
import type { RequestPlan } from './request-plans.js';
import { hasSameAsks, withAsk, withoutLastAsk, withRecord } from './window-states.js';
import type { Turn } from './types.js';
import { timesOf, type Window } from './windows.js';

/** A report that was asked for, or would be. */
export interface AskedReport {
  sellerId: string;
  reportType: string;
  marketplaceIds: string[];
  /** ISO 8601; absent for a report of the moment. */
  dataStart?: string;
  dataEnd?: string;
  reportId?: string;
}

/**
 * Asks for one window. What is asked is written down before the call and its answer after it: a crash in between leaves an ask without
 * an answer, for which Amazon's list of reports is looked through before the window is asked for again. Returns undefined where another
 * process, or another pipeline, was quicker: with this window, or with one of a type that Amazon wants apart.
 * Errors: REPORT_REQUEST_REFUSED, where asking the same again at once would be refused again; API_QUOTA_EXCEEDED, API_UNAVAILABLE,
 * API_UNREACHABLE, LOGIN_REFUSED.
 */
export async function askForWindow(
  plan: RequestPlan,
  window: Window,
  known: Progress,
  { book, context }: Pick<Turn, 'book' | 'context'>,
  seller: SellingPartner,
  call: CallOptions,
): Promise<AskedReport | undefined> {
  const { key, sellerId, reportType, marketplaceIds, reportOptions } = plan;
  let at = '';
  /** The progress as this process noted the ask in it last. */
  let noted: Progress | undefined;
  let lastAskedBefore: string | undefined;
  if (!(await note())) return undefined;
  faultPoint('request-noted');
  const wanted = { reportType, marketplaceIds, reportOptions, ...timesOf(window) };
  let isMade = false;
  const onTaken = async () => {
    if (!(await note())) throw wasQuicker;
    isMade = true;
  };
  let reportId: string;
  try {
    reportId = await seller.createReport(wanted, { ...call, onTaken });
  } catch (error) {
    const isUnsure = isMade && (!(error instanceof ReportsError) || unsure.has(error.code));
    if (isUnsure && error !== wasQuicker) throw error;
    await takeBack();
    if (error === wasQuicker) return undefined;
    if (!(error instanceof ReportsError) || !refusals.has(error.code)) throw error;
    const period = window.startMs === window.endMs ? 'of now' : `${wanted.dataStart} to ${wanted.dataEnd}`;
    const details = { sellerId, reportType, period, found: error.details.found ?? error.message };
    throw new ReportsError('REPORT_REQUEST_REFUSED', details, { cause: error });
  }
  faultPoint('request-made');
  await book.change(key, (held) => {
    if (!held) return held;
    const { refused: _, ...rest } = withRecord(held, window, (each) => withAsk(each, { at, reportId }));
    return rest;
  });
  return { sellerId, reportType, marketplaceIds, ...timesOf(window), reportId };

  /** Notes that it is asked for now, or again that it is: the quota may have been waited for. Resolves to false where another was quicker. */
  async function note(): Promise<boolean> {
    let isMine = false;
    await book.change(key, (held, all) => {
      const nowMs = context.clock.now();
      const others = noted ? all.filter((each) => each.key !== key) : all;
      isMine =
        hasSameAsks(held, noted ?? known, window) && apartAtMs(plan, others, context.config.sellers) <= nowMs;
      if (!held || !isMine) return held;
      if (!noted) lastAskedBefore = held.lastAskedAt;
      at = new Date(nowMs).toISOString();
      noted = { ...withRecord(held, window, (each) => withAsk(each, { at })), lastAskedAt: at };
      return noted;
    });
    return isMine;
  }

  /** Amazon took nothing: what it wants apart may be asked for by anybody. */
  async function takeBack(): Promise<void> {
    await book.change(key, (held) => {
      if (!held || !hasSameAsks(held, noted, window)) return held;
      const { lastAskedAt, ...rest } = withoutLastAsk(held, window);
      const lastAsked = lastAskedAt === at ? lastAskedBefore : lastAskedAt;
      return { ...rest, ...(lastAsked === undefined ? {} : { lastAskedAt: lastAsked }) };
    });
  }
}

/** Another process asked while this one waited for the quota. */
const wasQuicker = new Error('another process asked for it');

/** Where these end a call that was made, nobody knows whether Amazon makes the report. */
const unsure = new Set<string>(['API_UNAVAILABLE', 'API_UNREACHABLE']);

const refusals = new Set<string>(['API_REQUEST_REFUSED', 'API_ACCESS_DENIED', 'API_NOT_FOUND']);
