-- Visits, sales and conversion rate, by item and data period of the report.
--
-- Tables: sales_and_traffic_by_asin
-- Columns:
--   seller_id: The seller.
--   marketplace_ids: Marketplaces of the report, joined by commas.
--   data_start: First day of the period.
--   data_end: Last day of the period.
--   asin_granularity: What a row is about: PARENT, CHILD or SKU. Add up rows of one kind only.
--   parent_asin: ASIN of the parent.
--   child_asin: ASIN of the item; NULL in rows about parents.
--   sku: The seller's SKU; NULL unless rows are about SKUs.
--   sessions: Visits.
--   page_views: Pages seen.
--   orders: Order items.
--   units: Units ordered.
--   sales: Prices of the goods ordered.
--   currency: Currency of sales.
--   units_per_session: units by sessions; NULL without sessions.
--   buy_box_percentage: Share of the page views at which the seller's offer was the featured one, from 0 to 100.
-- Caveats: Periods are those that the reports were asked for; where they overlap, days count in each. Sales to businesses are in the figures.
SELECT
  _seller_id AS seller_id,
  ARRAY_TO_STRING(marketplace_ids, ', ') AS marketplace_ids,
  data_start,
  data_end,
  asin_granularity,
  parent_asin,
  child_asin,
  sku,
  sessions,
  page_views,
  total_order_items AS orders,
  units_ordered AS units,
  ordered_product_sales AS sales,
  ordered_product_sales_currency AS currency,
  ROUND(units_ordered / NULLIF(sessions, 0), 4) AS units_per_session,
  buy_box_percentage
FROM sales_and_traffic_by_asin
