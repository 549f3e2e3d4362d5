-- Orders, units and sales by the day in UTC and the day in the time zone of the marketplace, by channel and currency. orders_per_day and orders_per_local_day add them up.
--
-- Tables: order_items
-- Columns:
--   seller_id: The seller.
--   order_date: Day of the purchase, in UTC.
--   order_date_local: The same day in the time zone of the marketplace; in UTC for orders from other channels.
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
-- Caveats: An order that is in both tables counts once, with the data of the latest update. Refunds are not subtracted. Orders from XML reports
--   (xml_orders_by_last_update) are not included.
WITH orders AS (
  SELECT
    seller_id, order_id, is_pending, is_cancelled,
    MIN(order_date) AS order_date,
    MIN(order_date_local) AS order_date_local,
    MAX(sales_channel) AS sales_channel,
    MAX(currency) AS currency,
    SUM(units) AS units,
    SUM(COALESCE(item_sales, 0)) AS item_sales,
    SUM(COALESCE(item_tax, 0)) AS item_tax,
    SUM(shipping_sales) AS shipping_sales,
    SUM(discounts) AS discounts
  FROM order_items
  GROUP BY seller_id, order_id, is_pending, is_cancelled
),
channels AS (
  SELECT seller_id, sales_channel, MAX(currency) AS currency
  FROM orders
  GROUP BY seller_id, sales_channel
),
classified AS (
  SELECT
    orders.seller_id, order_date, order_date_local, orders.sales_channel,
    COALESCE(orders.currency, channels.currency) AS currency,
    units, item_sales, item_tax, shipping_sales, discounts, is_pending, is_cancelled
  FROM orders
  LEFT JOIN channels ON channels.seller_id = orders.seller_id AND channels.sales_channel = orders.sales_channel
)
SELECT
  seller_id,
  order_date,
  order_date_local,
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
GROUP BY seller_id, order_date, order_date_local, sales_channel, currency
