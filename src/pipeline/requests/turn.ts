import { lastTickMs } from '../../config/last-tick.js';
import { describeError, ReportsError } from '../../errors.js';
import type { CallOptions, Report, SellingPartner } from '../../source/types.js';
import { callsLeftToDrains } from '../backfill.js';
import type { PipelineContext } from '../context.js';
import type { Pipeline } from '../route.js';
import type { DrainSignals } from '../work-list.js';
import { type Failure, failureOf, type WorkSummary } from '../work-summary.js';
import { adopt, recentReports } from './adopt.js';
import { type AskedReport, apartAtMs, askForWindow } from './ask.js';
import { type GivenUp, openRequestBook, type RequestBook } from './book.js';
import { plansOf, type RequestPlan } from './plan.js';
import { beginAgain, openReports, refusedUntilMs, standingOf } from './progress.js';
import { type Review, readLedger, review } from './review.js';
import { keepSchedules, type ScheduleStep } from './schedules.js';
import { takeInFinished } from './take-in.js';
import { timesOf, type Window } from './windows.js';

export interface RequestOptions {
  /** Ask for what has ended by now, whatever the cron expressions say. */
  now?: boolean;
  /** Wait for the quota in place of leaving the rest to a later turn. */
  patient?: boolean;
  /** Ask once more for what was given up. */
  again?: boolean;
  /** Ask for nothing, and write nothing down. */
  dryRun?: boolean;
}

/** What became of a pipeline's requests. */
export interface RequestSummary {
  asked: AskedReport[];
  /** Windows that are left to a later turn: the quota of Amazon, or of what is underway, is used up. */
  left: number;
  /** Reports that Amazon has not finished, or that were not loaded yet. */
  underway: number;
  /** Windows that failed and will be asked for again. */
  waiting: number;
  /** Windows that failed too often. */
  givenUp: (GivenUp & { sellerId: string; reportType: string })[];
  schedules: ScheduleStep[];
  failures: Failure[];
  /** What was loaded because its notification never came. */
  taken?: WorkSummary;
}

/** Of the burst of 15 documents a seller so many may be underway of older windows; the newest are always asked for. */
const mostOldUnderway = 15 - callsLeftToDrains;

/** A call that can't be made at once is left to the next turn, so that no drain waits for it. */
const shortWaitMs = 15_000;

/**
 * One turn of a pipeline's requests: takes in what was made, asks for what is due, the newest window of each first, and sees that Amazon's
 * own schedules are as the settings say. Whatever is not done in one turn is done in a later one.
 */
export async function askForReports(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: DrainSignals,
  options: RequestOptions = {},
): Promise<RequestSummary> {
  const book = openRequestBook(context.config.state);
  const plans = plansOf(pipeline, context.config);
  const byCron = plans.filter(({ cron }) => cron !== undefined);
  const summary: RequestSummary = {
    asked: [],
    left: 0,
    underway: 0,
    waiting: 0,
    givenUp: [],
    schedules: [],
    failures: [],
  };
  if (!options.dryRun) {
    const taken = await takeInFinished(byCron, book, pipeline, context, signals);
    if (taken) summary.taken = taken;
  }
  for (const sellerId of new Set(byCron.map((plan) => plan.sellerId))) {
    if (signals.stop.aborted) break;
    const own = byCron.filter((plan) => plan.sellerId === sellerId);
    await guarded(sellerId, () => askForSeller(own, { book, context, signals, options, summary }));
  }
  for (const plan of byCron) tellProgress(plan, book, context.clock.now(), summary);
  const scheduled = plans.filter(({ period }) => period !== undefined);
  for (const sellerId of new Set(scheduled.map((plan) => plan.sellerId))) {
    if (signals.stop.aborted) break;
    const own = scheduled.filter((plan) => plan.sellerId === sellerId);
    await guarded(sellerId, async () => {
      summary.schedules.push(
        ...(await keepSchedules(own, book, context, callOf(context, signals, options), options)),
      );
    });
  }
  return summary;

  /** One seller's trouble must not keep the others from their reports. */
  async function guarded(sellerId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signals.stop.aborted) return;
      if (!(error instanceof ReportsError) || error.code.startsWith('WAREHOUSE_')) throw error;
      if (error.code === 'API_QUOTA_EXCEEDED') {
        context.log.info({ sellerId }, `${error.message}: the next turn goes on`);
        return;
      }
      summary.failures.push(failureOf(sellerId, error));
      context.log.error({ sellerId, code: error.code }, describeError(error));
    }
  }
}

interface Turn {
  book: RequestBook;
  context: PipelineContext;
  signals: DrainSignals;
  options: RequestOptions;
  summary: RequestSummary;
}

async function askForSeller(plans: RequestPlan[], turn: Turn): Promise<void> {
  const { context, options, summary } = turn;
  const reviews: Review[] = [];
  for (const plan of plans) reviews.push(await reviewed(plan, turn));
  if (options.dryRun) {
    summary.asked.push(
      ...inOrder(reviews).map(({ plan, window }) => ({ ...idsOf(plan), ...timesOf(window) })),
    );
    return;
  }
  const seller = context.sellingPartner(plans[0]?.sellerId ?? '');
  const types = [...new Set(reviews.flatMap(({ plan, due }) => (due.length > 0 ? [plan.reportType] : [])))];
  if (!seller || types.length === 0) return;
  const recent = await recentUnlessRefused(seller, types, turn);
  const adopted: Review[] = [];
  for (const each of reviews)
    adopted.push(recent ? await withAdopted(each, recent, turn) : withoutUnsure(each));
  await askInTurn(inOrder(adopted), plans, seller, turn);
}

/** Undefined where Amazon refuses to tell: one type that the application lacks a role for must not keep the others from being asked for. */
async function recentUnlessRefused(
  seller: SellingPartner,
  types: string[],
  { context, signals, options }: Turn,
): Promise<Report[] | undefined> {
  try {
    return await recentReports(seller, types, context.clock.now(), callOf(context, signals, options));
  } catch (error) {
    if (!(error instanceof ReportsError) || error.kind !== 'terminal') throw error;
    context.log.warn({ sellerId: seller.sellerId, code: error.code }, error.message);
    return undefined;
  }
}

/** Whether Amazon makes these already can't be told. */
function withoutUnsure({ plan, progress, due }: Review): Review {
  const unsure = new Set(
    progress.windows.flatMap(({ start, asks }) => {
      const last = asks.at(-1);
      return last && last.reportId === undefined && last.failed === undefined ? [start] : [];
    }),
  );
  return { plan, progress, due: due.filter(({ startMs }) => !unsure.has(new Date(startMs).toISOString())) };
}

/** Asks for one after the other. A refusal ends the asking for that request, a quota that is used up that for the seller. */
async function askInTurn(
  due: { plan: RequestPlan; window: Window; isNewest: boolean; progress: Review['progress'] }[],
  plans: RequestPlan[],
  seller: SellingPartner,
  { book, context, signals, options, summary }: Turn,
): Promise<void> {
  const refused = new Set<string>();
  for (const [index, { plan, window, isNewest, progress }] of due.entries()) {
    if (signals.stop.aborted) return;
    if (refused.has(plan.key)) continue;
    const apartMs = apartAtMs(plan.reportType, book) - context.clock.now();
    if (apartMs > 0 && options.patient) await context.clock.sleep(apartMs, signals.stop);
    const isTooMuch = !isNewest && underwayOf(plans, book) >= mostOldUnderway;
    if ((apartMs > 0 && !options.patient) || isTooMuch) {
      summary.left += 1;
      continue;
    }
    // A stop lets the answer come, where nothing is waited for before.
    const { stop, abort } = signals;
    const call = { ...callOf(context, signals, options), signal: options.patient ? stop : abort };
    try {
      const nowMs = context.clock.now();
      const asked = await askForWindow(plan, window, progress, book, seller, nowMs, call);
      if (!asked) continue;
      summary.asked.push(asked);
      context.log.info({ ...asked }, `asked for ${plan.reportType}`);
    } catch (error) {
      if (!(error instanceof ReportsError)) throw error;
      if (error.code !== 'REPORT_REQUEST_REFUSED') {
        summary.left += due.length - index;
        throw error;
      }
      refused.add(plan.key);
      summary.failures.push(failureOf(plan.key, error));
      context.log.error({ sellerId: plan.sellerId, code: error.code }, error.message);
    }
  }
}

async function reviewed(plan: RequestPlan, { book, context, options, summary }: Turn): Promise<Review> {
  const nowMs = context.clock.now();
  const dueAtMs = options.now ? nowMs : (lastTickMs(plan.cron ?? '', plan.timezone, nowMs) ?? nowMs);
  const untilMs = dueAtMs - plan.lagMs;
  const times = { nowMs, untilMs, evenRefused: options.now ?? false };
  const ledger = await readLedger(plan, book.progress(plan.key), untilMs, context);
  let made: Review | undefined;
  const apply = (held: Review['progress'] | undefined) => {
    made = review(plan, options.again && held ? beginAgain(held, nowMs) : held, ledger, times);
    return made.progress;
  };
  const before = book.progress(plan.key);
  apply(before);
  // Most turns find nothing new, and need not write.
  const isNew = JSON.stringify(before) !== JSON.stringify((made as unknown as Review).progress);
  if (isNew && !options.dryRun) await book.change(plan.key, apply);
  const { progress } = made as unknown as Review;
  for (const { start, end, found } of progress.givenUp.slice(before?.givenUp.length ?? 0)) {
    const { sellerId, reportType } = plan;
    const period = start === end ? `of ${start}` : `${start} to ${end}`;
    const error = new ReportsError('REPORT_GIVEN_UP', { sellerId, reportType, period, found });
    summary.failures.push(failureOf(plan.key, error));
    context.log.error({ sellerId, code: error.code }, error.message);
  }
  return made as unknown as Review;
}

/** Leaves out what Amazon has been asked for already, and notes it. */
async function withAdopted(each: Review, recent: Report[], { book }: Turn): Promise<Review> {
  let { progress, due } = each;
  for (const window of each.due) {
    const adopted = adopt(progress, each.plan, window, recent, ownedByOthers(each.plan, book));
    if (!adopted) continue;
    progress = adopted;
    due = due.filter((other) => other !== window);
  }
  if (progress !== each.progress) await book.change(each.plan.key, () => progress);
  return { ...each, progress, due };
}

/** The newest window of each request, those asked for longest ago first; then the older ones by age. */
function inOrder(reviews: Review[]) {
  const all = reviews.flatMap(({ plan, progress, due }) =>
    due.map((window, index) => {
      const start = new Date(window.startMs).toISOString();
      const isLast = index === due.length - 1;
      return {
        plan,
        progress,
        window,
        isNewest: isLast && progress.windows.every((each) => each.start <= start),
      };
    }),
  );
  const lastAsked = ({ progress }: (typeof all)[number]) => progress.lastAskedAt ?? '';
  return all.sort(
    (a, b) =>
      Number(b.isNewest) - Number(a.isNewest) ||
      (a.isNewest ? (lastAsked(a) < lastAsked(b) ? -1 : 1) : a.window.startMs - b.window.startMs),
  );
}

function underwayOf(plans: RequestPlan[], book: RequestBook): number {
  return plans.reduce((sum, { key }) => {
    const progress = book.progress(key);
    return sum + (progress ? openReports(progress).length : 0);
  }, 0);
}

/** Whether another request of the seller asked for a report. */
function ownedByOthers(plan: RequestPlan, book: RequestBook): (reportId: string) => boolean {
  const others = book.reportIdsOfOthers(plan.key);
  return (reportId) => others.has(reportId);
}

function tellProgress(plan: RequestPlan, book: RequestBook, nowMs: number, summary: RequestSummary): void {
  const progress = book.progress(plan.key);
  if (!progress) return;
  for (const record of progress.windows) {
    const standing = standingOf(record, nowMs);
    if (standing === 'asked' || standing === 'unsure') summary.underway += 1;
    if (standing === 'waiting') summary.waiting += 1;
  }
  if (refusedUntilMs(progress) > nowMs) summary.waiting += 1;
  const { sellerId, reportType } = plan;
  summary.givenUp.push(...progress.givenUp.map((each) => ({ ...each, sellerId, reportType })));
}

function callOf(context: PipelineContext, { stop }: DrainSignals, { patient }: RequestOptions): CallOptions {
  return { signal: stop, ...(patient ? {} : { deadlineMs: context.clock.now() + shortWaitMs }) };
}

function idsOf({ sellerId, reportType, marketplaceIds }: RequestPlan) {
  return { sellerId, reportType, marketplaceIds };
}
