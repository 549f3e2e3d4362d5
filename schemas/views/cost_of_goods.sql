-- What the sold units cost the seller, by the costs in pipelines.yaml: one row per settlement line that states units.
--
-- Tables: settlement_lines, product_costs, exchange_rates?
-- Columns:
--   seller_id: The seller.
--   sku: The seller's SKU.
--   marketplace_name: Name of the marketplace in the settlement.
--   posted_on_local: Day on which the sale was posted, in the time zone of the marketplace. The cost of this day counts.
--   units: Units sold.
--   unit_cost: Cost of one unit, as it was given; NULL if none holds on that day.
--   cost_currency: Currency of `unit_cost`.
--   currency: Currency of the settlement.
--   cost: `units` times `unit_cost` in the currency of the settlement, as a negative amount; NULL if there is no cost or no exchange rate.
--   reporting_currency: The reporting currency; NULL without exchange rates.
--   reporting_cost: The same in the reporting currency; NULL if there is no cost or no exchange rate.
--   problem: Why `cost` is NULL: no cost, cost without seller (two sellers have the SKU, so the cost needs one), or no exchange rate.
-- Caveats: Counts units when they are sold. Units that came back and can be sold again are not credited; returns_per_sku counts them.
WITH sold AS (
  SELECT seller_id, sku, marketplace_name, posted_on_local, currency, units_sold
  FROM settlement_lines
  WHERE units_sold <> 0
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
    sold.seller_id AS seller_id, sold.sku AS sku, marketplace_name, posted_on_local, sold.currency AS currency, units_sold AS units,
    COALESCE(own.cost, CASE WHEN sellers.sellers = 1 THEN any_seller.cost END) AS unit_cost,
    CASE WHEN own.cost IS NOT NULL THEN own.currency WHEN sellers.sellers = 1 THEN any_seller.currency END AS cost_currency,
    any_seller.cost IS NOT NULL AS has_cost_without_seller
  FROM sold
  LEFT JOIN sellers ON sellers.sku = sold.sku
  LEFT JOIN periods AS own
    ON own.seller_id = sold.seller_id AND own.sku = sold.sku
    AND (own.valid_from IS NULL OR own.valid_from <= posted_on_local) AND (own.valid_until IS NULL OR own.valid_until > posted_on_local)
  LEFT JOIN periods AS any_seller
    ON any_seller.seller_id IS NULL AND any_seller.sku = sold.sku
    AND (any_seller.valid_from IS NULL OR any_seller.valid_from <= posted_on_local)
    AND (any_seller.valid_until IS NULL OR any_seller.valid_until > posted_on_local)
),
converted AS (
  SELECT
    costed.*,
    reporting.reporting_currency AS reporting_currency,
    CASE WHEN cost_currency = reporting.reporting_currency THEN unit_cost ELSE ROUND(unit_cost * cost_rates.rate, 6) END AS reporting_unit_cost,
    line_rates.inverse AS line_inverse
  FROM costed
  CROSS JOIN reporting
  LEFT JOIN rates AS cost_rates ON cost_rates.rate_date = posted_on_local AND cost_rates.currency = cost_currency
  LEFT JOIN rates AS line_rates ON line_rates.rate_date = posted_on_local AND line_rates.currency = costed.currency
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
  seller_id,
  sku,
  marketplace_name,
  posted_on_local,
  units,
  unit_cost,
  cost_currency,
  currency,
  cost,
  reporting_currency,
  ROUND(-reporting_unit_cost * units, 4) AS reporting_cost,
  CASE
    WHEN cost IS NOT NULL THEN NULL
    WHEN unit_cost IS NOT NULL THEN 'no exchange rate'
    WHEN has_cost_without_seller THEN 'cost without seller'
    ELSE 'no cost'
  END AS problem
FROM priced
