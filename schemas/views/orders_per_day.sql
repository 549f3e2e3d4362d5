-- Orders, units and sales of each day, by channel and currency. Cancelled orders are counted separately.
--
-- Tables: order_sums
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
-- Caveats: Days are in UTC; orders_per_local_day has those of the marketplace. An order that is in both tables counts once, with the data of the latest update. Refunds are
--   not subtracted. Orders from XML reports (xml_orders_by_last_update) are not included.
SELECT
  seller_id,
  order_date,
  sales_channel,
  currency,
  CAST(SUM(orders) AS BIGINT) AS orders,
  CAST(SUM(units) AS BIGINT) AS units,
  SUM(item_sales) AS item_sales,
  SUM(item_tax) AS item_tax,
  SUM(shipping_sales) AS shipping_sales,
  SUM(discounts) AS discounts,
  CAST(SUM(pending_orders) AS BIGINT) AS pending_orders,
  CAST(SUM(cancelled_orders) AS BIGINT) AS cancelled_orders
FROM order_sums
GROUP BY seller_id, order_date, sales_channel, currency
