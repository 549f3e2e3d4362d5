import { lastTickMs } from '../../config/last-tick.js';
import { ReportsError } from '../../errors.js';
import type { Report, SellingPartner } from '../../source/types.js';
import { callsLeftToDrains } from '../backfill.js';
import { failureOf } from '../work-summary.js';
import { adopt, recentReports } from './adopt.js';
import { allPlans, apartAtMs, plansInLine } from './apart.js';
import { askForWindow } from './ask.js';
import type { RequestBook } from './book.js';
import type { RequestPlan } from './plan.js';
import { beginAgain, hasSameAsks, openReports, unsureAsk } from './progress.js';
import { type Review, readLedger, review } from './review.js';
import { callOf, type Turn } from './types.js';
import { timesOf, type Window } from './windows.js';

/** Of the burst of 15 documents a seller so many may be underway of older windows; the newest are always asked for. */
const mostOldUnderway = 15 - callsLeftToDrains;

/** Does a seller's part of a turn, so that its trouble stays its own; resolves to false where there was some. */
type Guard = (sellerId: string, work: () => Promise<void>) => Promise<boolean>;

/**
 * Asks for what is due of all sellers' requests. All are looked at before anything is asked for: types that Amazon wants apart go round
 * among the sellers, of other pipelines too, and the newest windows of all come before the older ones of any.
 */
export async function askForDue(plans: RequestPlan[], turn: Turn, guarded: Guard): Promise<void> {
  const { context, signals, options, summary } = turn;
  const reviews: Review[] = [];
  const troubled = new Set<string>();
  await lookAt(plans);
  const every = allPlans(context.config);
  const isOwn = new Set(plans.map(({ key }) => key));
  const withDue = reviews.flatMap(({ plan, due }) => (due.length > 0 ? [plan] : []));
  const others = every.filter(({ key }) => !isOwn.has(key));
  // Who asks by hand asks for what was named.
  if (!options.now) await lookAt(plansInLine(withDue, others, context.config.sellers));
  const due = inOrder(reviews);
  if (options.dryRun) {
    summary.asked.push(...due.map(({ plan, window }) => ({ ...idsOf(plan), ...timesOf(window) })));
    return;
  }
  const refused = new Set<string>();
  for (const each of due) {
    if (signals.stop.aborted) return;
    const { sellerId, key } = each.plan;
    if (refused.has(key)) continue;
    const ofSeller = every.filter((plan) => plan.sellerId === sellerId);
    const isDone =
      !troubled.has(sellerId) &&
      (await guarded(sellerId, () => askForOne(each, ofSeller, refused, leave, turn)));
    if (isDone) continue;
    troubled.add(sellerId);
    leave(each.plan);
  }

  async function lookAt(some: RequestPlan[]): Promise<void> {
    for (const sellerId of new Set(some.map((plan) => plan.sellerId))) {
      if (signals.stop.aborted) return;
      if (troubled.has(sellerId)) continue;
      const isDone = await guarded(sellerId, async () => {
        const ofSeller = some.filter((plan) => plan.sellerId === sellerId);
        reviews.push(...(await reviewedOfSeller(ofSeller, turn)));
      });
      if (!isDone) troubled.add(sellerId);
    }
  }

  /** What another pipeline asks for is left to its own turns. */
  function leave(plan: RequestPlan): void {
    if (isOwn.has(plan.key)) summary.left += 1;
  }
}

/** What one seller's requests stand at, with what Amazon has been asked for already. */
async function reviewedOfSeller(plans: RequestPlan[], turn: Turn): Promise<Review[]> {
  const { context, options } = turn;
  const reviews: Review[] = [];
  for (const plan of plans) reviews.push(await reviewed(plan, turn));
  if (options.dryRun) return reviews;
  const seller = context.sellingPartner(plans[0]?.sellerId ?? '');
  const types = [...new Set(reviews.flatMap(({ plan, due }) => (due.length > 0 ? [plan.reportType] : [])))];
  if (!seller || types.length === 0) return [];
  const recent = await recentUnlessRefused(seller, types, reviews, turn);
  const adopted: Review[] = [];
  for (const each of reviews)
    adopted.push(recent ? await withAdopted(each, recent, turn) : withoutUnsure(each));
  return adopted;
}

/** Undefined where Amazon refuses to tell: one type that the application lacks a role for must not keep the others from being asked for. */
async function recentUnlessRefused(
  seller: SellingPartner,
  types: string[],
  reviews: Review[],
  { context, signals, options }: Turn,
): Promise<Report[] | undefined> {
  try {
    const progresses = reviews.filter(({ due }) => due.length > 0).map(({ progress }) => progress);
    const call = callOf({ context, signals, options });
    return await recentReports(seller, types, progresses, context.clock.now(), call);
  } catch (error) {
    if (!(error instanceof ReportsError) || error.kind !== 'terminal') throw error;
    context.log.warn({ sellerId: seller.sellerId, code: error.code }, error.message);
    return undefined;
  }
}

/** Whether Amazon makes these already can't be told. */
function withoutUnsure({ plan, progress, due }: Review): Review {
  const unsure = new Set(progress.windows.filter(unsureAsk).map(({ start }) => start));
  return { plan, progress, due: due.filter(({ startMs }) => !unsure.has(new Date(startMs).toISOString())) };
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
  refused: Set<string>,
  leave: (plan: RequestPlan) => void,
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
    refused.add(plan.key);
    summary.failures.push(failureOf(plan.key, error));
    context.log.error({ sellerId: plan.sellerId, code: error.code }, error.message);
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

/** Leaves out what Amazon has been asked for already, and notes it; what another process asked for meanwhile is left out too. */
async function withAdopted(each: Review, recent: Report[], { book }: Turn): Promise<Review> {
  const isOwned = ownedByOthers(each.plan, book);
  const adoptIn = (held: Review['progress']) =>
    each.due.reduce((progress, window) => {
      if (!hasSameAsks(held, each.progress, window)) return progress;
      return adopt(progress, each.plan, window, recent, isOwned) ?? progress;
    }, held);
  if (adoptIn(each.progress) === each.progress) return each;
  let { progress } = each;
  await book.change(each.plan.key, (held) => {
    progress = adoptIn(held ?? each.progress);
    return progress;
  });
  return {
    ...each,
    progress,
    due: each.due.filter((window) => hasSameAsks(progress, each.progress, window)),
  };
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

/** Whether another request of the seller asked for a report. */
function ownedByOthers(plan: RequestPlan, book: RequestBook): (reportId: string) => boolean {
  const others = book.reportIdsOfOthers(plan.key);
  return (reportId) => others.has(reportId);
}

function idsOf({ sellerId, reportType, marketplaceIds }: RequestPlan) {
  return { sellerId, reportType, marketplaceIds };
}
