-- Return rate of each SKU: units that Amazon shipped, by month of purchase, and how many of them were returned.
--
-- Tables: customer_returns, order_items
-- Columns:
--   seller_id: The seller.
--   month: Month of the purchase, in UTC, such as 2026-06; NULL for returns of orders that are not loaded.
--   sku: The seller's SKU.
--   product_name: Name of the product.
--   units_sold: Units in orders that Amazon ships, without cancelled orders.
--   units_returned: Units in these orders that have been returned so far.
--   units_sellable: How many of the returned units can be sold again.
--   return_rate: `units_returned` divided by `units_sold`, from 0 to 1; NULL if no sale is known.
-- Caveats: A return counts in the month of its order, so the rates of recent months still grow. Returns to the seller's own warehouse
--   (seller_fulfilled_returns) are not included. An order that is in both tables of orders counts once.
WITH sold AS (
  SELECT
    seller_id, order_id, sku,
    MAX(product_name) AS product_name,
    SUBSTR(CAST(MIN(order_date) AS STRING), 1, 7) AS month,
    SUM(units) AS units
  FROM order_items
  WHERE NOT is_cancelled AND fulfillment = 'AFN'
  GROUP BY seller_id, order_id, sku
),
returned AS (
  SELECT
    _seller_id AS seller_id, order_id, sku,
    MAX(product_name) AS product_name,
    SUM(quantity) AS units,
    SUM(CASE WHEN UPPER(detailed_disposition) = 'SELLABLE' THEN quantity ELSE 0 END) AS sellable
  FROM customer_returns
  GROUP BY _seller_id, order_id, sku
)
SELECT
  COALESCE(sold.seller_id, returned.seller_id) AS seller_id,
  month,
  COALESCE(sold.sku, returned.sku) AS sku,
  MAX(COALESCE(sold.product_name, returned.product_name)) AS product_name,
  CAST(COALESCE(SUM(sold.units), 0) AS BIGINT) AS units_sold,
  CAST(COALESCE(SUM(returned.units), 0) AS BIGINT) AS units_returned,
  CAST(COALESCE(SUM(sellable), 0) AS BIGINT) AS units_sellable,
  ROUND(COALESCE(SUM(returned.units), 0) / NULLIF(SUM(sold.units), 0), 4) AS return_rate
FROM sold
FULL OUTER JOIN returned
  ON returned.seller_id = sold.seller_id AND returned.order_id = sold.order_id AND returned.sku = sold.sku
GROUP BY COALESCE(sold.seller_id, returned.seller_id), month, COALESCE(sold.sku, returned.sku)
