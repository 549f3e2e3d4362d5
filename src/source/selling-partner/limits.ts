/**
 * Amazon's own limits of the Selling Partner API, each stated once.
 * Source: Amazon's models reports_2021-06-30, tokens_2021-03-01 and notifications.
 */

/** Report types that one call of getReports or getReportSchedules may name. */
export const maxReportTypesPerCall = 10;

/** Reports that one page of getReports may hold. */
export const maxReportsPerPage = 100;

/** Amazon keeps reports for this long, and getReports refuses to look back further. */
export const reportRetentionDays = 90;

/** How often an operation may be called. */
export interface UsagePlan {
  callsPerSecond: number;
  /** Calls that may be made at once after a pause. */
  burst: number;
}

/** The plan of every operation of the Notifications API. */
const notificationsPlan: UsagePlan = { callsPerSecond: 1, burst: 5 };

/** The plan of every operation about report schedules. */
const schedulesPlan: UsagePlan = { callsPerSecond: 0.0222, burst: 10 };

/** The usage plan of each operation, per application and seller. */
export const usagePlans = {
  getReport: { callsPerSecond: 2, burst: 15 },
  getReports: { callsPerSecond: 0.0222, burst: 10 },
  getReportDocument: { callsPerSecond: 0.0167, burst: 15 },
  createReport: { callsPerSecond: 0.0167, burst: 15 },
  createReportSchedule: schedulesPlan,
  getReportSchedules: schedulesPlan,
  cancelReportSchedule: schedulesPlan,
  createRestrictedDataToken: { callsPerSecond: 1, burst: 10 },
  getSubscription: notificationsPlan,
  createSubscription: notificationsPlan,
  deleteSubscriptionById: notificationsPlan,
  getDestinations: notificationsPlan,
  createDestination: notificationsPlan,
  deleteDestination: notificationsPlan,
} satisfies Record<string, UsagePlan>;

export type Operation = keyof typeof usagePlans;
