/** The limits that Amazon documents for requests of a type. */
export interface RequestLimits {
  /** The longest window, in days. */
  maxDays?: number;
  /** The maximum age of the start of a window, in days. */
  oldestDays?: number;
  /** The minimum time between two reports of the type by one application, in minutes. */
  minutesApart?: number;
}

/** "You can request up to one month of data in a single report." */
const oneMonth: RequestLimits = { maxDays: 31 };

/** "You can request up to 60 days of data in a single report." */
const sixtyDays: RequestLimits = { maxDays: 60 };

/**
 * The limits that a request may run into. Source: Amazon's schemas of these reports, its pages of
 * report types, and its support for the quarter of an hour. For orders the report itself contains
 * "Report can be requested only upto 30 days" instead of rows, although months of 31 days have been
 * seen to work.
 */
const limits: Readonly<Record<string, RequestLimits>> = {
  GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL: oneMonth,
  GET_AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING: oneMonth,
  GET_AMAZON_FULFILLED_SHIPMENTS_DATA_TAX: oneMonth,
  GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL: oneMonth,
  GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL: oneMonth,
  GET_XML_RETURNS_DATA_BY_RETURN_DATE: sixtyDays,
  GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE: sixtyDays,
  GET_CSV_MFN_PRIME_RETURNS_REPORT: sixtyDays,
  GET_XML_MFN_PRIME_RETURNS_REPORT: sixtyDays,
  GET_FLAT_FILE_MFN_SKU_RETURN_ATTRIBUTES_REPORT: sixtyDays,
  GET_XML_MFN_SKU_RETURN_ATTRIBUTES_REPORT: sixtyDays,
  GET_VENDOR_REAL_TIME_INVENTORY_REPORT: { maxDays: 1, oldestDays: 7 },
  GET_SALES_AND_TRAFFIC_REPORT: { oldestDays: 730, minutesApart: 15 },
  MARKETPLACE_ASIN_PAGE_VIEW_METRICS: { maxDays: 7, oldestDays: 7 },
  END_USER_DATA_REPORT: { maxDays: 365 },
  GET_LEDGER_DETAIL_VIEW_DATA: { oldestDays: 545 },
  GET_REFERRAL_FEE_PREVIEW_REPORT: { minutesApart: 24 * 60 },
};

export function requestLimits(reportType: string): RequestLimits {
  return limits[reportType] ?? {};
}
