import { ReportsError } from '../errors/reports-error.js';
import { noteUnanswered } from './request-progress.js';
import type { RequestPlan } from './request-plans.js';
import type { RequestCycle } from './types.js';

/**
 * Runs a call to Amazon for some requests. If Amazon does not answer, stores that in each of them:
 * if it goes on for hours, it is an outage. Errors: those of the call.
 */
export async function notingUnanswered<Result>(
  plans: RequestPlan[],
  { store, context, signals }: Pick<RequestCycle, 'store' | 'context' | 'signals'>,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (isUnanswered(error) && !signals.stop.aborted) {
      for (const { key } of plans)
        await store.update(
          key,
          (held) => held && noteUnanswered(held, String(error.details.found), context.clock.now()),
        );
    }
    throw error;
  }
}

function isUnanswered(error: unknown): error is ReportsError {
  return error instanceof ReportsError && ['API_UNAVAILABLE', 'API_UNREACHABLE'].includes(error.code);
}
