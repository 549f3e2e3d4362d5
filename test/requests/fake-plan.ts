import type { RequestPlan } from '../../src/requests/request-plans.js';

/** A request for a day at a time, of a type about which nothing is known, with these changes. */
export function fakePlan(changes: Partial<RequestPlan> = {}): RequestPlan {
  const { sellerId = 'A1' } = changes;
  return {
    key: `${sellerId} GET_X US`,
    earlierKeys: [],
    sellerId,
    reportType: 'GET_X',
    facts: { sources: {} },
    marketplaceIds: ['US'],
    reportOptions: {},
    window: { count: 1, unit: 'day' },
    lagMs: 0,
    refresh: undefined,
    fromMs: undefined,
    cron: '0 * * * *',
    timezone: 'UTC',
    period: undefined,
    hasSibling: false,
    ...changes,
  };
}
