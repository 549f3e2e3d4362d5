-- What the sold units cost the seller, by the costs in pipelines.yaml, and what came back of it: one row per settlement line that states units, and per return
-- of units that can be sold again.
--
-- Tables: settlement_lines, product_costs, exchange_rates?, customer_returns?, marketplace_facts
-- Columns:
--   event: sale, or return for units that came back to Amazon and can be sold again (disposition SELLABLE).
--   seller_id: The seller.
--   sku: The seller's SKU.
--   marketplace_name: Name of the marketplace in the settlement of the sale.
--   posted_on_local: Day on which the sale was posted or the units came back, in the time zone of the marketplace.
--   units: Units sold; negative for units that came back.
--   unit_cost: Cost of one unit on the day of the sale, as it was given; NULL if none holds on that day.
--   cost_currency: Currency of `unit_cost`.
--   currency: Currency of the settlement.
--   cost: `units` times `unit_cost` in the currency of the settlement, negative for a sale and positive for a return; NULL if there is no cost or no exchange rate.
--   reporting_currency: The reporting currency; NULL without exchange rates.
--   reporting_cost: The same in the reporting currency; NULL if there is no cost or no exchange rate.
--   problem: Why `cost` is NULL: no cost, cost without seller (two sellers have the SKU, so the cost needs one), no exchange rate, or no sale (units came back whose
--     sale is in no loaded settlement).
-- Caveats: A unit that came back is credited with exactly what its sale was charged with, by the rate of that day. Units are matched by order and SKU, and no more of
--   them are credited than were sold. Returns to the seller's own warehouse (seller_fulfilled_returns) state no condition, so they are not credited; neither
--   are returns that are not loaded.
WITH sold AS (
  SELECT
    seller_id, order_id, sku, marketplace_name, posted_on_local, currency, units_sold,
    SUM(units_sold) OVER (
      PARTITION BY seller_id, order_id, sku ORDER BY posted_on_local, units_sold ROWS UNBOUNDED PRECEDING
    ) AS sold_so_far
  FROM settlement_lines
  WHERE units_sold <> 0
),
returned AS (
  SELECT
    _seller_id AS seller_id, order_id, sku, return_date, SUM(quantity) AS units_returned,
    SUM(SUM(quantity)) OVER (PARTITION BY _seller_id, order_id, sku ORDER BY return_date ROWS UNBOUNDED PRECEDING) AS returned_so_far
  FROM customer_returns
  WHERE UPPER(detailed_disposition) = 'SELLABLE' AND quantity > 0 AND return_date IS NOT NULL
  GROUP BY _seller_id, order_id, sku, return_date
),
totals AS (
  SELECT seller_id, order_id, sku, SUM(units_sold) AS units_sold
  FROM sold
  GROUP BY seller_id, order_id, sku
),
-- The first units to come back are those that were sold first.
events AS (
  SELECT
    'sale' AS event, TRUE AS has_sale, seller_id, sku, marketplace_name, posted_on_local AS counted_on, posted_on_local AS sold_on, currency, units_sold AS units
  FROM sold
  UNION ALL
  SELECT
    'return', TRUE, sold.seller_id, sold.sku, sold.marketplace_name,
    COALESCE(LOCAL_DATE(return_date, time_zone), CAST(return_date AS DATE)), sold.posted_on_local, sold.currency,
    CAST(GREATEST(sold_so_far - units_sold, returned_so_far - units_returned) - LEAST(sold_so_far, returned_so_far) AS BIGINT)
  FROM sold
  JOIN returned ON returned.seller_id = sold.seller_id AND returned.order_id = sold.order_id AND returned.sku = sold.sku
  LEFT JOIN (SELECT LOWER(marketplace_name) AS zone_of, time_zone FROM marketplace_facts) AS zones ON zone_of = LOWER(sold.marketplace_name)
  WHERE GREATEST(sold_so_far - units_sold, returned_so_far - units_returned) < LEAST(sold_so_far, returned_so_far)
  UNION ALL
  SELECT
    'return', FALSE, returned.seller_id, returned.sku, CAST(NULL AS STRING), CAST(return_date AS DATE), CAST(NULL AS DATE), CAST(NULL AS STRING),
    CAST(GREATEST(returned_so_far - units_returned, COALESCE(units_sold, 0)) - returned_so_far AS BIGINT)
  FROM returned
  LEFT JOIN totals ON totals.seller_id = returned.seller_id AND totals.order_id = returned.order_id AND totals.sku = returned.sku
  WHERE returned_so_far > COALESCE(units_sold, 0)
),
sellers AS (
  SELECT sku, COUNT(DISTINCT seller_id) AS sellers
  FROM settlement_lines
  WHERE sku IS NOT NULL
  GROUP BY sku
),
given AS (
  SELECT
    seller_id, sku, valid_from, cost, currency,
    ROW_NUMBER() OVER (PARTITION BY seller_id, sku, valid_from ORDER BY _loaded_at DESC, _row DESC) AS recency
  FROM product_costs
  WHERE cost IS NOT NULL
),
periods AS (
  SELECT
    seller_id, sku, valid_from, cost, currency,
    LEAD(valid_from) OVER (PARTITION BY seller_id, sku ORDER BY valid_from NULLS FIRST) AS valid_until
  FROM given
  WHERE recency = 1
),
reporting AS (
  SELECT MAX(reporting_currency) AS reporting_currency FROM exchange_rates
),
rates AS (
  SELECT date AS rate_date, currency, MAX(rate) AS rate, MAX(inverse) AS inverse
  FROM exchange_rates
  JOIN reporting ON reporting.reporting_currency = exchange_rates.reporting_currency
  GROUP BY date, currency
),
costed AS (
  SELECT
    event, has_sale, events.seller_id AS seller_id, events.sku AS sku, marketplace_name, counted_on, sold_on, events.currency AS currency, units,
    COALESCE(own.cost, CASE WHEN sellers.sellers = 1 THEN any_seller.cost END) AS unit_cost,
    CASE WHEN own.cost IS NOT NULL THEN own.currency WHEN sellers.sellers = 1 THEN any_seller.currency END AS cost_currency,
    any_seller.cost IS NOT NULL AS has_cost_without_seller
  FROM events
  LEFT JOIN sellers ON sellers.sku = events.sku
  LEFT JOIN periods AS own
    ON has_sale AND own.seller_id = events.seller_id AND own.sku = events.sku
    AND (own.valid_from IS NULL OR own.valid_from <= sold_on) AND (own.valid_until IS NULL OR own.valid_until > sold_on)
  LEFT JOIN periods AS any_seller
    ON has_sale AND any_seller.seller_id IS NULL AND any_seller.sku = events.sku
    AND (any_seller.valid_from IS NULL OR any_seller.valid_from <= sold_on)
    AND (any_seller.valid_until IS NULL OR any_seller.valid_until > sold_on)
),
converted AS (
  SELECT
    costed.*,
    reporting.reporting_currency AS reporting_currency,
    CASE WHEN cost_currency = reporting.reporting_currency THEN unit_cost ELSE ROUND(unit_cost * cost_rates.rate, 6) END AS reporting_unit_cost,
    line_rates.inverse AS line_inverse
  FROM costed
  CROSS JOIN reporting
  LEFT JOIN rates AS cost_rates ON cost_rates.rate_date = sold_on AND cost_rates.currency = cost_currency
  LEFT JOIN rates AS line_rates ON line_rates.rate_date = sold_on AND line_rates.currency = costed.currency
),
priced AS (
  SELECT
    converted.*,
    CASE
      WHEN cost_currency = currency THEN ROUND(-unit_cost * units, 4)
      WHEN currency = reporting_currency THEN ROUND(-reporting_unit_cost * units, 4)
      ELSE ROUND(ROUND(-reporting_unit_cost * units, 6) * line_inverse, 4)
    END AS cost
  FROM converted
)
SELECT
  event,
  seller_id,
  sku,
  marketplace_name,
  counted_on AS posted_on_local,
  units,
  unit_cost,
  cost_currency,
  currency,
  cost,
  reporting_currency,
  ROUND(-reporting_unit_cost * units, 4) AS reporting_cost,
  CASE
    WHEN cost IS NOT NULL THEN NULL
    WHEN NOT has_sale THEN 'no sale'
    WHEN unit_cost IS NOT NULL THEN 'no exchange rate'
    WHEN has_cost_without_seller THEN 'cost without seller'
    ELSE 'no cost'
  END AS problem
FROM priced
