-- Refunded items that did not come back. Amazon reimburses units that customers do not return within about 60 days.
--
-- Tables: settlement_lines, customer_returns | seller_fulfilled_returns, reimbursements?
-- Columns:
--   seller_id: The seller.
--   order_id: The order.
--   sku: The seller's SKU.
--   fulfillment: AFN if Amazon shipped the order, MFN if the seller did; NULL if the settlement does not say so.
--   refunded_on: Day of the last refund, in UTC.
--   currency: Currency of the amount.
--   refunded: What buyers got back for the goods. Negative.
--   units_refunded: Units of the refunds; NULL if the settlement does not state them.
--   units_returned: Units that came back.
--   units_reimbursed: Units that Amazon reimbursed for the order.
-- Caveats: Items are matched by order and SKU. Without the number of refunded units, one returned unit counts as all of them. Load the returns for the months of the
--   refunds and the two that follow. Refunds without a return are usual for goods that buyers may keep.
WITH refunds AS (
  SELECT
    seller_id, order_id, sku, MAX(fulfillment) AS fulfillment, MAX(posted_on) AS refunded_on, currency,
    SUM(CASE WHEN LOWER(COALESCE(amount_type, '')) = 'itemprice' AND LOWER(COALESCE(amount_description, '')) = 'principal' THEN amount ELSE 0 END) AS refunded,
    SUM(units_refunded) AS units
  FROM settlement_lines
  WHERE kind = 'refunds' AND order_id IS NOT NULL AND sku IS NOT NULL
  GROUP BY seller_id, order_id, sku, currency
),
returns AS (
  SELECT seller_id, order_id, sku, SUM(units) AS units
  FROM (
    SELECT _seller_id AS seller_id, order_id, sku, quantity AS units FROM customer_returns
    UNION ALL
    SELECT _seller_id, order_id, merchant_sku, return_quantity FROM seller_fulfilled_returns WHERE return_delivery_date IS NOT NULL
  ) AS both_kinds
  GROUP BY seller_id, order_id, sku
),
repaid AS (
  SELECT _seller_id AS seller_id, amazon_order_id AS order_id, sku, SUM(quantity_reimbursed_total) AS units
  FROM reimbursements
  WHERE amazon_order_id IS NOT NULL
  GROUP BY _seller_id, amazon_order_id, sku
)
SELECT
  refunds.seller_id AS seller_id,
  refunds.order_id AS order_id,
  refunds.sku AS sku,
  fulfillment,
  refunded_on,
  currency,
  refunded,
  CAST(refunds.units AS BIGINT) AS units_refunded,
  CAST(COALESCE(returns.units, 0) AS BIGINT) AS units_returned,
  CAST(COALESCE(repaid.units, 0) AS BIGINT) AS units_reimbursed
FROM refunds
LEFT JOIN returns ON returns.seller_id = refunds.seller_id AND returns.order_id = refunds.order_id AND returns.sku = refunds.sku
LEFT JOIN repaid ON repaid.seller_id = refunds.seller_id AND repaid.order_id = refunds.order_id AND repaid.sku = refunds.sku
WHERE refunded < 0 AND COALESCE(returns.units, 0) < COALESCE(refunds.units, 1)
