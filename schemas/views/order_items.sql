-- Ordered items, each order once, with the data of its latest update. The other views on orders read this one.
--
-- Tables: orders_by_last_update | orders_by_order_date, marketplace_facts
-- Columns:
--   seller_id: The seller.
--   order_id: The order.
--   sku: The seller's SKU.
--   product_name: Name of the product.
--   order_date: Day of the purchase, in UTC.
--   order_date_local: The same day in the time zone of the marketplace; in UTC for orders from other channels.
--   sales_channel: Where the order was placed, such as Amazon.de; Non-Amazon for orders from other channels that Amazon ships.
--   fulfillment: AFN if Amazon ships the order, MFN if the seller does.
--   is_pending: Whether the order is pending. Amazon does not state its prices yet.
--   is_cancelled: Whether the order was cancelled.
--   is_replacement: Whether the order replaces an earlier one, free of charge.
--   currency: Currency of the amounts; NULL if the report states none.
--   units: Units of the item.
--   item_sales: Price of all units, with tax if the marketplace shows prices with tax.
--   item_tax: Tax on the goods, if the report states it.
--   shipping_sales: What the buyer paid for shipping and gift wrap.
--   discounts: Promotions on goods and shipping, as a positive amount; not subtracted from `item_sales`.
-- Caveats: Orders from XML reports (xml_orders_by_last_update) are not included.
WITH items AS (
  SELECT
    1 AS source, _seller_id, amazon_order_id, sku, product_name, purchase_date, last_updated_date, order_status, sales_channel, fulfillment_channel,
    is_replacement_order, currency, quantity, item_price, item_tax, shipping_price, gift_wrap_price, item_promotion_discount, ship_promotion_discount
  FROM orders_by_last_update
  UNION ALL
  SELECT
    2, _seller_id, amazon_order_id, sku, product_name, purchase_date, last_updated_date, order_status, sales_channel, fulfillment_channel,
    is_replacement_order, currency, quantity, item_price, item_tax, shipping_price, gift_wrap_price, item_promotion_discount, ship_promotion_discount
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
orders AS (
  SELECT
    items._seller_id, items.amazon_order_id, items.source,
    MIN(purchase_date) AS purchase_date,
    MAX(sales_channel) AS sales_channel,
    LOWER(MAX(order_status)) AS order_status
  FROM items
  JOIN ranked_sources
    ON ranked_sources._seller_id = items._seller_id AND ranked_sources.amazon_order_id = items.amazon_order_id
    AND ranked_sources.source = items.source AND source_rank = 1
  GROUP BY items._seller_id, items.amazon_order_id, items.source
)
SELECT
  items._seller_id AS seller_id,
  items.amazon_order_id AS order_id,
  sku,
  product_name,
  CAST(orders.purchase_date AS DATE) AS order_date,
  COALESCE(LOCAL_DATE(orders.purchase_date, time_zone), CAST(orders.purchase_date AS DATE)) AS order_date_local,
  orders.sales_channel AS sales_channel,
  CASE WHEN LOWER(fulfillment_channel) IN ('amazon', 'afn') THEN 'AFN' WHEN fulfillment_channel IS NOT NULL THEN 'MFN' END AS fulfillment,
  COALESCE(orders.order_status LIKE 'pending%', FALSE) AS is_pending,
  COALESCE(orders.order_status IN ('cancelled', 'canceled'), FALSE) AS is_cancelled,
  COALESCE(is_replacement_order, FALSE) AS is_replacement,
  currency,
  COALESCE(quantity, 0) AS units,
  item_price AS item_sales,
  item_tax,
  COALESCE(shipping_price, 0) + COALESCE(gift_wrap_price, 0) AS shipping_sales,
  COALESCE(item_promotion_discount, 0) + COALESCE(ship_promotion_discount, 0) AS discounts
FROM items
JOIN orders ON orders._seller_id = items._seller_id AND orders.amazon_order_id = items.amazon_order_id AND orders.source = items.source
LEFT JOIN (SELECT LOWER(marketplace_name) AS channel, time_zone FROM marketplace_facts) AS zones ON channel = LOWER(orders.sales_channel)
