import { ReportsError } from '../../errors/reports-error.js';
import { callsLeftToDrains } from '../../discovery/backfill.js';
import { failureOf } from '../../ingest/work-summary.js';
import { withAdopted } from './adopt.js';
import { readAmazonsList } from './amazons-list.js';
import { allPlans, apartAtMs, plansInLine } from './apart.js';
import { askForWindow } from './ask.js';
import type { RequestBook } from './book.js';
import type { RequestPlan } from './plan.js';
import { openReports, withRefusal } from './progress.js';
import type { Review } from './review.js';
import { reviewPlan } from './review-plan.js';
import { callOf, type Turn } from './types.js';
import { timesOf, type Window } from './windows.js';

/** Of the burst of 15 documents a seller so many may be underway of older windows; the newest are always asked for. */
const mostOldUnderway = 15 - callsLeftToDrains;

/**
 * Does a seller's part of a turn, so that its trouble stays its own; resolves to false where there was some. Quiet trouble is that of another
 * pipeline, whose own turns tell of it.
 */
export type Guard = (
  sellerId: string,
  work: () => Promise<void>,
  how?: { isQuiet: boolean },
) => Promise<boolean>;

/**
 * Asks for what is due of all sellers' requests. All are looked at before anything is asked for: types that Amazon wants apart go round
 * among the sellers, of other pipelines too, and the newest windows of all come before the older ones of any.
 */
export async function askForDue(plans: RequestPlan[], turn: Turn, guarded: Guard): Promise<void> {
  const { context, signals, options, summary } = turn;
  const every = allPlans(context.config);
  const isOwn = new Set(plans.map(({ key }) => key));
  const others = every.filter(({ key }) => !isOwn.has(key));
  const standing = await standingReviews(plans, others, turn, guarded);
  if (options.dryRun) {
    const due = inOrder(standing);
    summary.asked.push(...due.map(({ plan, window }) => ({ ...idsOf(plan), ...timesOf(window) })));
    return;
  }
  const reviews: Review[] = [];
  const troubled = new Set<string>();
  for (const sellerId of new Set(standing.map(({ plan }) => plan.sellerId))) {
    if (signals.stop.aborted) return;
    const ofSeller = standing.filter(({ plan }) => plan.sellerId === sellerId);
    const isQuiet = ofSeller.every(({ plan }) => !isOwn.has(plan.key));
    const look = async () => void reviews.push(...(await withoutAsked(sellerId, ofSeller, leave, turn)));
    if (!(await guarded(sellerId, look, { isQuiet }))) troubled.add(sellerId);
  }
  /** Requests that this turn asks for no more. */
  const ended = new Set<string>();
  for (const each of inOrder(reviews)) {
    if (signals.stop.aborted) return;
    const { sellerId, key } = each.plan;
    if (ended.has(key)) continue;
    const ofSeller = every.filter((plan) => plan.sellerId === sellerId);
    const isQuiet = !isOwn.has(key);
    const ask = () => askForOne(each, ofSeller, { ended, leave, isQuiet }, turn);
    const isDone = !troubled.has(sellerId) && (await guarded(sellerId, ask, { isQuiet }));
    if (isDone) continue;
    if (isQuiet) ended.add(key);
    else troubled.add(sellerId);
    leave(each.plan);
  }

  /** What another pipeline asks for is left to its own turns. */
  function leave(plan: RequestPlan): void {
    if (isOwn.has(plan.key)) summary.left += 1;
  }
}

/** What requests stand at by the book and the ledger: those of this pipeline, and those of others that are in line with them now. */
async function standingReviews(
  plans: RequestPlan[],
  others: RequestPlan[],
  turn: Turn,
  guarded: Guard,
): Promise<Review[]> {
  const { book, context, signals, options } = turn;
  const { config, clock } = context;
  const reviews: Review[] = [];
  await add(plans, { isQuiet: false });
  // Who asks by hand asks for what was named.
  if (options.now) return reviews;
  const due = reviews.map(({ plan }) => plan);
  const mayAsk = (plan: RequestPlan) => apartAtMs(plan, book.all(), config.sellers) <= clock.now();
  await add(plansInLine(due, others, config.sellers).filter(mayAsk), { isQuiet: true });
  return reviews;

  async function add(some: RequestPlan[], how: { isQuiet: boolean }): Promise<void> {
    for (const plan of some) {
      if (signals.stop.aborted) return;
      await guarded(
        plan.sellerId,
        async () => {
          const review = await reviewPlan(plan, turn, how);
          if (review.due.length > 0) reviews.push(review);
        },
        how,
      );
    }
  }
}

/** Leaves out what Amazon has been asked for already of one seller's requests. */
async function withoutAsked(
  sellerId: string,
  reviews: Review[],
  leave: (plan: RequestPlan) => void,
  turn: Turn,
): Promise<Review[]> {
  const { book, context, options } = turn;
  const seller = context.sellingPartner(sellerId);
  if (!seller) return [];
  const call = { ...callOf(turn), isPatient: options.patient ?? false };
  const list = await readAmazonsList(seller, reviews, context, call);
  const adopted: Review[] = [];
  for (const each of reviews) {
    const { unsure, ...review } = await withAdopted(each, list, book);
    for (const _ of unsure) leave(each.plan);
    adopted.push(review);
  }
  return adopted;
}

interface Due {
  plan: RequestPlan;
  progress: Review['progress'];
  window: Window;
  isNewest: boolean;
}

/** Asks for one window. A refusal ends the asking for that request in this turn. Errors: what ends it for the seller. */
async function askForOne(
  { plan, window, isNewest, progress }: Due,
  ofSeller: RequestPlan[],
  { ended, leave, isQuiet }: { ended: Set<string>; leave: (plan: RequestPlan) => void; isQuiet: boolean },
  turn: Turn,
): Promise<void> {
  const { book, context, signals, options, summary } = turn;
  const seller = context.sellingPartner(plan.sellerId);
  if (!seller) return;
  const apartMs = () => apartAtMs(plan, book.all(), context.config.sellers) - context.clock.now();
  if (!isNewest && underwayOf(ofSeller, book) >= mostOldUnderway) return leave(plan);
  if (options.patient) while (apartMs() > 0) await context.clock.sleep(apartMs(), signals.stop);
  if (apartMs() > 0) return leave(plan);
  // A stop lets the answer come, where nothing is waited for before.
  const { stop, abort } = signals;
  const call = { ...callOf({ context, signals, options }), signal: options.patient ? stop : abort };
  try {
    const asked = await askForWindow(plan, window, progress, turn, seller, call);
    if (!asked) return apartMs() > 0 ? leave(plan) : undefined;
    summary.asked.push(asked);
    context.log.info({ ...asked }, `asked for ${plan.reportType}`);
  } catch (error) {
    if (!(error instanceof ReportsError) || error.code !== 'REPORT_REQUEST_REFUSED') throw error;
    ended.add(plan.key);
    const about = { sellerId: plan.sellerId, code: error.code };
    // Its own pipeline is refused as well, notes it and tells.
    if (isQuiet) return context.log.info(about, error.message);
    await book.change(plan.key, (held) => held && withRefusal(held, error, context.clock.now()));
    summary.failures.push(failureOf(plan, error));
    context.log.error(about, error.message);
  }
}

/** The newest windows of all requests, of those asked for longest ago first; then the older ones by age. */
function inOrder(reviews: Review[]): Due[] {
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
  return all.sort(
    (a, b) =>
      Number(b.isNewest) - Number(a.isNewest) ||
      (a.isNewest ? 0 : a.window.startMs - b.window.startMs) ||
      lastAskedMs(a) - lastAskedMs(b),
  );
}

function lastAskedMs({ progress: { lastAskedAt } }: Due): number {
  return lastAskedAt === undefined ? 0 : Date.parse(lastAskedAt);
}

/** Reports that are underway. */
function underwayOf(plans: RequestPlan[], book: RequestBook): number {
  return plans.reduce((sum, { key }) => {
    const progress = book.progress(key);
    return sum + (progress ? openReports(progress).length : 0);
  }, 0);
}

function idsOf({ sellerId, reportType, marketplaceIds }: RequestPlan) {
  return { sellerId, reportType, marketplaceIds };
}
