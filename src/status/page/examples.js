/**
 * Queries on the program's own tables, by what they show.
 *
 * @type {Record<string, string>}
 */
export const programExamples = {
  'Documents by day': `SELECT CAST(loaded_at AS DATE) AS day, COUNT(*) AS documents
FROM _loads
GROUP BY day
ORDER BY day`,
  'Loads of today': `SELECT report_type, status, COUNT(*) AS documents, SUM(raw_bytes) AS bytes
FROM _loads
WHERE CAST(loaded_at AS DATE) = CURRENT_DATE
GROUP BY report_type, status
ORDER BY documents DESC`,
  'Rejected values': `SELECT table_name, column_name, raw, reason, document_id
FROM _rejects
ORDER BY loaded_at DESC
LIMIT 100`,
  'Slowest documents': `SELECT document_id, report_type, duration_ms
FROM _loads
ORDER BY duration_ms DESC NULLS LAST
LIMIT 20`,
};

/**
 * Queries on the packaged views, by view.
 *
 * @type {Record<string, string>}
 */
const viewExamples = {
  conversion_per_asin: `SELECT child_asin, data_start, sessions, units, units_per_session
FROM conversion_per_asin
WHERE child_asin IS NOT NULL
ORDER BY sessions DESC
LIMIT 20`,
  orders_per_day: `SELECT order_date, currency, SUM(item_sales) AS sales, SUM(units) AS units, SUM(orders) AS orders
FROM orders_per_day
GROUP BY order_date, currency
ORDER BY order_date`,
  profit_per_sku: `SELECT currency, sku, SUM(profit) AS profit, SUM(units_sold) AS units, SUM(fees) AS fees
FROM profit_per_sku
WHERE sku IS NOT NULL
GROUP BY currency, sku
ORDER BY profit DESC
LIMIT 40`,
  reimbursements_owed: `SELECT sku, cause, currency, estimate, units_owed, last_event
FROM reimbursements_owed
ORDER BY estimate DESC NULLS LAST`,
  returns_per_sku: `SELECT sku, SUM(units_returned) AS returned, SUM(units_sold) AS sold
FROM returns_per_sku
GROUP BY sku
ORDER BY returned DESC
LIMIT 20`,
  stock_ageing: `SELECT sku, marketplace, units_over_365_days, units_181_to_365_days, available, surcharge, currency
FROM stock_ageing
ORDER BY units_over_365_days DESC, units_181_to_365_days DESC
LIMIT 20`,
  stock_on_hand: `SELECT sku, marketplace_ids, fulfillable, inbound, reserved, total, as_of
FROM stock_on_hand
ORDER BY fulfillable DESC
LIMIT 40`,
};

/**
 * A query on a table or a view.
 *
 * @param {string} name as SQL needs it
 */
export function exampleOf(name) {
  return viewExamples[name] ?? `SELECT *\nFROM ${name}\nLIMIT 100`;
}
