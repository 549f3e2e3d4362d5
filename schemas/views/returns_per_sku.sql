-- Return rate of each SKU: units that Amazon shipped, by month of purchase, and how many of them were returned.
--
-- Tables: customer_returns, orders_by_last_update | orders_by_order_date
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
WITH items AS (
  SELECT
    1 AS source, _seller_id, amazon_order_id, sku, product_name, purchase_date, last_updated_date, order_status, fulfillment_channel, quantity
  FROM orders_by_last_update
  UNION ALL
  SELECT
    2, _seller_id, amazon_order_id, sku, product_name, purchase_date, last_updated_date, order_status, fulfillment_channel, quantity
  FROM orders_by_order_date
),
ranked_sources AS (
  SELECT
    _seller_id, amazon_order_id, source,
    ROW_NUMBER() OVER (
      PARTITION BY _seller_id, amazon_order_id ORDER BY MAX(last_updated_date) DESC NULLS LAST, source
    ) AS source_rank
  FROM items
  GROUP BY _seller_id, amazon_order_id, source
),
sold AS (
  SELECT
    items._seller_id AS seller_id, items.amazon_order_id AS order_id, sku,
    MAX(product_name) AS product_name,
    SUBSTR(CAST(CAST(MIN(purchase_date) AS DATE) AS STRING), 1, 7) AS month,
    SUM(quantity) AS units
  FROM items
  JOIN ranked_sources
    ON ranked_sources._seller_id = items._seller_id AND ranked_sources.amazon_order_id = items.amazon_order_id
    AND ranked_sources.source = items.source AND source_rank = 1
  WHERE LOWER(order_status) NOT IN ('cancelled', 'canceled') AND LOWER(fulfillment_channel) IN ('amazon', 'afn')
  GROUP BY items._seller_id, items.amazon_order_id, sku
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
