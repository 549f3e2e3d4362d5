-- Orders, units and sales of each day, by channel and currency. Cancelled orders are counted separately.
--
-- Tables: orders_by_last_update | orders_by_order_date
-- Columns:
--   seller_id: The seller.
--   order_date: Day of the purchase, in UTC.
--   sales_channel: Where the order was placed, such as Amazon.de; Non-Amazon for orders from other channels that Amazon ships.
--   currency: Currency of the amounts. An order without a price (pending or cancelled) counts in the currency of the other orders of its channel.
--   orders: Orders that were not cancelled, including pending ones.
--   units: Units in these orders.
--   item_sales: Sum of the prices of the goods in these orders, with tax if the marketplace shows prices with tax.
--   item_tax: Tax on the goods, if the report states it.
--   shipping_sales: What buyers paid for shipping and gift wrap.
--   discounts: Promotions on goods and shipping, as a positive amount; not subtracted from `item_sales`.
--   pending_orders: How many of `orders` are pending. Amazon does not state their prices yet, so `item_sales` does not include them.
--   cancelled_orders: Orders that were cancelled. No other figure includes them.
-- Caveats: Days are in UTC, not in the marketplace's time zone. An order that is in both tables counts once, with the data of the latest update. Refunds are
--   not subtracted. Orders from XML reports (xml_orders_by_last_update) are not included.
WITH items AS (
  SELECT
    1 AS source, _seller_id, amazon_order_id, purchase_date, last_updated_date, order_status, sales_channel, currency, quantity,
    item_price, item_tax, shipping_price, gift_wrap_price, item_promotion_discount, ship_promotion_discount
  FROM orders_by_last_update
  UNION ALL
  SELECT
    2, _seller_id, amazon_order_id, purchase_date, last_updated_date, order_status, sales_channel, currency, quantity,
    item_price, item_tax, shipping_price, gift_wrap_price, item_promotion_discount, ship_promotion_discount
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
    items._seller_id AS seller_id,
    items.amazon_order_id AS amazon_order_id,
    CAST(MIN(purchase_date) AS DATE) AS order_date,
    MAX(sales_channel) AS sales_channel,
    MAX(currency) AS currency,
    LOWER(MAX(order_status)) AS order_status,
    SUM(COALESCE(quantity, 0)) AS units,
    SUM(COALESCE(item_price, 0)) AS item_sales,
    SUM(COALESCE(item_tax, 0)) AS item_tax,
    SUM(COALESCE(shipping_price, 0) + COALESCE(gift_wrap_price, 0)) AS shipping_sales,
    SUM(COALESCE(item_promotion_discount, 0) + COALESCE(ship_promotion_discount, 0)) AS discounts
  FROM items
  JOIN ranked_sources
    ON ranked_sources._seller_id = items._seller_id AND ranked_sources.amazon_order_id = items.amazon_order_id
    AND ranked_sources.source = items.source AND source_rank = 1
  GROUP BY items._seller_id, items.amazon_order_id
),
channels AS (
  SELECT seller_id, sales_channel, MAX(currency) AS currency
  FROM orders
  GROUP BY seller_id, sales_channel
),
classified AS (
  SELECT
    orders.seller_id, order_date, orders.sales_channel,
    COALESCE(orders.currency, channels.currency) AS currency,
    units, item_sales, item_tax, shipping_sales, discounts,
    order_status LIKE 'pending%' AS is_pending,
    COALESCE(order_status IN ('cancelled', 'canceled'), FALSE) AS is_cancelled
  FROM orders
  LEFT JOIN channels ON channels.seller_id = orders.seller_id AND channels.sales_channel = orders.sales_channel
)
SELECT
  seller_id,
  order_date,
  sales_channel,
  currency,
  CAST(SUM(CASE WHEN is_cancelled THEN 0 ELSE 1 END) AS BIGINT) AS orders,
  CAST(SUM(CASE WHEN is_cancelled THEN 0 ELSE units END) AS BIGINT) AS units,
  SUM(CASE WHEN is_cancelled THEN 0 ELSE item_sales END) AS item_sales,
  SUM(CASE WHEN is_cancelled THEN 0 ELSE item_tax END) AS item_tax,
  SUM(CASE WHEN is_cancelled THEN 0 ELSE shipping_sales END) AS shipping_sales,
  SUM(CASE WHEN is_cancelled THEN 0 ELSE discounts END) AS discounts,
  CAST(SUM(CASE WHEN is_pending THEN 1 ELSE 0 END) AS BIGINT) AS pending_orders,
  CAST(SUM(CASE WHEN is_cancelled THEN 1 ELSE 0 END) AS BIGINT) AS cancelled_orders
FROM classified
GROUP BY seller_id, order_date, sales_channel, currency
