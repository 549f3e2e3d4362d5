-- Items that customers returned to Amazon although no settlement has a refund for them.
--
-- Tables: customer_returns, settlement_lines, settlement_v2 | settlement_v1
-- Columns:
--   seller_id: The seller.
--   order_id: The order.
--   sku: The seller's SKU.
--   returned_on: Day of the last return, in UTC.
--   units_returned: Units that came back.
--   units_refunded: Units of the refunds; 0 without a refund.
--   disposition: Condition of the returned units, such as SELLABLE; one of them if they differ.
--   state: never refunded, refunded in part, or not due: returned after the end of the newest settlement.
-- Caveats: Items are matched by order and SKU. If a refund does not state its units, it counts for all of them. Replaced items and undeliverable packages come back
--   without a refund. Returns from before the first settlement that is loaded are not included.
WITH returned AS (
  SELECT
    _seller_id AS seller_id, order_id, sku, CAST(MAX(return_date) AS DATE) AS returned_on, SUM(quantity) AS units, MAX(detailed_disposition) AS disposition
  FROM customer_returns
  GROUP BY _seller_id, order_id, sku
),
refunds AS (
  SELECT seller_id, order_id, sku, SUM(units_refunded) AS units
  FROM settlement_lines
  WHERE kind = 'refunds' AND order_id IS NOT NULL
  GROUP BY seller_id, order_id, sku
),
spans AS (
  SELECT _seller_id, CAST(MIN(settlement_start_date) AS DATE) AS begins, CAST(MAX(settlement_end_date) AS DATE) AS ends
  FROM (
    SELECT _seller_id, settlement_start_date, settlement_end_date FROM settlement_v2 WHERE total_amount IS NOT NULL
    UNION ALL
    SELECT _seller_id, settlement_start_date, settlement_end_date FROM settlement_v1 WHERE total_amount IS NOT NULL
  ) AS summaries
  GROUP BY _seller_id
)
SELECT
  returned.seller_id AS seller_id,
  returned.order_id AS order_id,
  returned.sku AS sku,
  returned_on,
  CAST(returned.units AS BIGINT) AS units_returned,
  CAST(COALESCE(refunds.units, 0) AS BIGINT) AS units_refunded,
  disposition,
  CASE
    WHEN refunds.order_id IS NOT NULL THEN 'refunded in part'
    WHEN returned_on > ends THEN 'not due'
    ELSE 'never refunded'
  END AS state
FROM returned
JOIN spans ON spans._seller_id = returned.seller_id AND returned_on >= begins
LEFT JOIN refunds ON refunds.seller_id = returned.seller_id AND refunds.order_id = returned.order_id AND refunds.sku = returned.sku
WHERE refunds.order_id IS NULL OR refunds.units < returned.units
