export interface UsagePlan {
  callsPerSecond: number;
  burst: number;
}

const notificationsPlan: UsagePlan = { callsPerSecond: 1, burst: 5 };

/** The usage plan of every operation on schedules. */
const schedulesPlan: UsagePlan = { callsPerSecond: 0.0222, burst: 10 };

/** The usage plans of Amazon's models reports_2021-06-30, tokens_2021-03-01 and notifications. */
export const amazonsPlans: Readonly<Record<string, UsagePlan>> = {
  getReport: { callsPerSecond: 2, burst: 15 },
  getReports: { callsPerSecond: 0.0222, burst: 10 },
  getReportDocument: { callsPerSecond: 0.0167, burst: 15 },
  createReport: { callsPerSecond: 0.0167, burst: 15 },
  cancelReport: schedulesPlan,
  createReportSchedule: schedulesPlan,
  getReportSchedules: schedulesPlan,
  getReportSchedule: schedulesPlan,
  cancelReportSchedule: schedulesPlan,
  createRestrictedDataToken: { callsPerSecond: 1, burst: 10 },
  getSubscription: notificationsPlan,
  createSubscription: notificationsPlan,
  deleteSubscriptionById: notificationsPlan,
  getDestinations: notificationsPlan,
  createDestination: notificationsPlan,
  deleteDestination: notificationsPlan,
};

/** Amazon's side of the quota: a token bucket for each seller and operation. */
export class RateLimits {
  private readonly buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(
    private readonly plans: Readonly<Record<string, UsagePlan>>,
    private readonly now: () => number,
  ) {}

  /**
   * Returns the rate for the header of the answer; undefined for an operation without a usage plan.
   */
  rateOf(operation: string): number | undefined {
    return this.plans[operation]?.callsPerSecond;
  }

  /** Takes a token for one call; returns false if the call is refused. */
  take(sellerId: string, operation: string): boolean {
    const plan = this.plans[operation];
    if (!plan) return true;
    const key = `${sellerId} ${operation}`;
    const bucket = this.buckets.get(key) ?? { tokens: plan.burst, atMs: this.now() };
    const refill = ((this.now() - bucket.atMs) / 1000) * plan.callsPerSecond;
    bucket.tokens = Math.min(plan.burst, bucket.tokens + refill);
    bucket.atMs = this.now();
    this.buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
