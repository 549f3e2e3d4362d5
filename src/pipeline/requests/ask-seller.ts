import { lastTickMs } from '../../config/last-tick.js';
import { ReportsError } from '../../errors.js';
import type { Report, SellingPartner } from '../../source/types.js';
import { callsLeftToDrains } from '../backfill.js';
import { failureOf } from '../work-summary.js';
import { adopt, recentReports } from './adopt.js';
import { apartAtMs, askForWindow } from './ask.js';
import type { RequestBook } from './book.js';
import type { RequestPlan } from './plan.js';
import { beginAgain, openReports, unsureAsk } from './progress.js';
import { type Review, readLedger, review } from './review.js';
import { callOf, type Turn } from './types.js';
import { timesOf, type Window } from './windows.js';

/** Of the burst of 15 documents a seller so many may be underway of older windows; the newest are always asked for. */
const mostOldUnderway = 15 - callsLeftToDrains;

/** Asks for what is due of one seller's requests. */
export async function askForSeller(plans: RequestPlan[], turn: Turn): Promise<void> {
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
  const recent = await recentUnlessRefused(seller, types, reviews, turn);
  const adopted: Review[] = [];
  for (const each of reviews)
    adopted.push(recent ? await withAdopted(each, recent, turn) : withoutUnsure(each));
  await askInTurn(inOrder(adopted), plans, seller, turn);
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
    const call = { ...callOf({ context, signals, options }), signal: options.patient ? stop : abort };
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

function idsOf({ sellerId, reportType, marketplaceIds }: RequestPlan) {
  return { sellerId, reportType, marketplaceIds };
}
