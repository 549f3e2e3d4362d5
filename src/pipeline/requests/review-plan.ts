import { lastTickMs } from '../../config/last-tick.js';
import { ReportsError } from '../../errors/reports-error.js';
import { failureOf } from '../../ingest/work-summary.js';
import type { GivenUp } from './book.js';
import type { RequestPlan } from './plan.js';
import { beginAgain } from './progress.js';
import { type Review, readLedger, review } from './review.js';
import type { Turn } from './types.js';

/**
 * What a request stands at by the book and the ledger, which is noted in the book. What is given up is told of: quietly, for another pipeline,
 * nothing is.
 */
export async function reviewPlan(
  plan: RequestPlan,
  { book, context, options, summary }: Turn,
  { isQuiet }: { isQuiet: boolean },
): Promise<Review> {
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
  // Its own pipeline gives it up, and tells.
  if (isQuiet && newlyGivenUp().length > 0) return { ...last(), due: [] };
  // Most turns find nothing new, and need not write.
  const isNew = JSON.stringify(before) !== JSON.stringify(last().progress);
  if (isNew && !options.dryRun) await book.change(plan.key, apply);
  for (const { start, end, found } of newlyGivenUp()) {
    const { sellerId, reportType } = plan;
    const period = start === end ? `of ${start}` : `${start} to ${end}`;
    const error = new ReportsError('REPORT_GIVEN_UP', { sellerId, reportType, period, found });
    summary.failures.push(failureOf(plan, error));
    context.log.error({ sellerId, code: error.code }, error.message);
  }
  return last();

  function newlyGivenUp() {
    // By their times: the list keeps its length where the oldest make way.
    const textOf = ({ start, end, at }: GivenUp) => [start, end, at].join(' ');
    const known = new Set(before?.givenUp.map(textOf));
    return last().progress.givenUp.filter((each) => !known.has(textOf(each)));
  }

  function last(): Review {
    return made as Review;
  }
}
