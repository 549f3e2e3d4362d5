/** What Amazon's documentation says about asking for a type. */
export interface RequestLimits {
  /** The longest window, in days. */
  longestDays?: number;
  /** How far back a window may begin, in days. */
  oldestDays?: number;
  /** Minutes between two reports of the type, of one application. */
  minutesApart?: number;
}

/** Limits that a request would run into. Source: Amazon's schemas of these reports, its page of report types, and what its support says of the quarter of an hour. */
const limits: Readonly<Record<string, RequestLimits>> = {
  GET_SALES_AND_TRAFFIC_REPORT: { oldestDays: 730, minutesApart: 15 },
  MARKETPLACE_ASIN_PAGE_VIEW_METRICS: { longestDays: 7, oldestDays: 7 },
  END_USER_DATA_REPORT: { longestDays: 365 },
  GET_LEDGER_DETAIL_VIEW_DATA: { oldestDays: 545 },
  GET_REFERRAL_FEE_PREVIEW_REPORT: { minutesApart: 24 * 60 },
};

export function requestLimits(reportType: string): RequestLimits {
  return limits[reportType] ?? {};
}
