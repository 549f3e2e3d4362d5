-- Visits, sales and the conversion of visits into sales, by item and report period.
--
-- Tables: sales_and_traffic_by_asin
-- Columns:
--   seller_id: The seller.
--   marketplace_ids: Marketplaces of the report, joined by commas.
--   data_start: First day of the period.
--   data_end: Last day of the period.
--   asin_granularity: What a row describes: PARENT, CHILD or SKU. Add up only rows of one kind.
--   parent_asin: ASIN of the parent item.
--   child_asin: ASIN of the item; NULL in a row that describes a parent item.
--   sku: The seller's SKU; NULL unless the row describes a SKU.
--   sessions: Visits.
--   page_views: Page views.
--   orders: Order items.
--   units: Units ordered.
--   sales: Sum of the prices of the ordered goods.
--   currency: Currency of `sales`.
--   units_per_session: `units` divided by `sessions`; NULL without sessions.
--   buy_box_percentage: Percentage of page views, from 0 to 100, in which the seller's offer was the featured offer.
-- Caveats: Each row covers the period of its report. If periods overlap, a day counts in each of them. Figures include sales to businesses.
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
  ROUND(1.0 * units_ordered / NULLIF(sessions, 0), 4) AS units_per_session,
  buy_box_percentage
FROM sales_and_traffic_by_asin
