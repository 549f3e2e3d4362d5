-- Ordered items that no settlement has paid, or paid for fewer units than were ordered.
--
-- Tables: order_items, settlement_lines, settlement_v2 | settlement_v1
-- Columns:
--   seller_id: The seller.
--   order_id: The order.
--   sku: The seller's SKU.
--   order_date: Day of the purchase, in UTC.
--   sales_channel: Where the order was placed.
--   currency: Currency of the amounts.
--   units: Units ordered.
--   units_settled: Units in settlements.
--   units_unsettled: `units` less `units_settled`.
--   item_sales: Price of all ordered units in the order report.
--   sales_settled: Prices of the goods in settlements. Without tax, while `item_sales` has it in some marketplaces.
--   state: never settled, settled in part, or not due: ordered after the end of the newest settlement.
-- Caveats: Items are matched by order and SKU. Pending and cancelled orders, free replacements and orders from other channels are not included; neither are orders
--   from before the first settlement that is loaded. Amazon settles an order after it was shipped and, for many sellers, delivered: recent ones follow.
WITH ordered AS (
  SELECT
    seller_id, order_id, sku, MIN(order_date) AS order_date, MAX(sales_channel) AS sales_channel, MAX(currency) AS currency,
    SUM(units) AS units, SUM(item_sales) AS item_sales
  FROM order_items
  WHERE NOT is_pending AND NOT is_cancelled AND NOT is_replacement AND COALESCE(sales_channel, '') NOT LIKE 'Non-%'
  GROUP BY seller_id, order_id, sku
),
settled AS (
  SELECT
    seller_id, order_id, sku, COALESCE(SUM(units_sold), 0) AS units, SUM(CASE WHEN kind = 'sales' THEN amount ELSE 0 END) AS sales
  FROM settlement_lines
  WHERE order_id IS NOT NULL AND kind = 'sales'
  GROUP BY seller_id, order_id, sku
),
spans AS (
  SELECT _seller_id, currency, CAST(MIN(settlement_start_date) AS DATE) AS begins, CAST(MAX(settlement_end_date) AS DATE) AS ends
  FROM (
    SELECT _seller_id, currency, settlement_start_date, settlement_end_date FROM settlement_v2 WHERE total_amount IS NOT NULL
    UNION ALL
    SELECT _seller_id, currency, settlement_start_date, settlement_end_date FROM settlement_v1 WHERE total_amount IS NOT NULL
  ) AS summaries
  GROUP BY _seller_id, currency
)
SELECT
  ordered.seller_id AS seller_id,
  ordered.order_id AS order_id,
  ordered.sku AS sku,
  order_date,
  sales_channel,
  ordered.currency AS currency,
  CAST(ordered.units AS BIGINT) AS units,
  CAST(COALESCE(settled.units, 0) AS BIGINT) AS units_settled,
  CAST(ordered.units - COALESCE(settled.units, 0) AS BIGINT) AS units_unsettled,
  item_sales,
  COALESCE(settled.sales, 0) AS sales_settled,
  CASE
    WHEN COALESCE(settled.units, 0) > 0 THEN 'settled in part'
    WHEN order_date > ends THEN 'not due'
    ELSE 'never settled'
  END AS state
FROM ordered
JOIN spans ON spans._seller_id = ordered.seller_id AND spans.currency = ordered.currency AND order_date >= begins
LEFT JOIN settled ON settled.seller_id = ordered.seller_id AND settled.order_id = ordered.order_id AND settled.sku = ordered.sku
WHERE ordered.units > COALESCE(settled.units, 0) AND COALESCE(item_sales, 1) <> 0
