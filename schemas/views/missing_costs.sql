-- Sold units whose cost of goods is not known, by SKU. Their profit is NULL until the costs are complete.
--
-- Tables: settlement_lines, cost_of_goods?
-- Columns:
--   seller_id: The seller.
--   sku: The seller's SKU.
--   problem: What is missing: no cost, cost without seller (two sellers have the SKU), or no exchange rate.
--   currency: Currency of the sales.
--   units: Units sold without a known cost.
--   first_day: First day of these sales, in the time zone of the marketplace.
--   last_day: Last day of these sales, in the time zone of the marketplace.
-- Caveats: Lists every sold SKU if there are no costs at all. Add costs under `costs` in pipelines.yaml. Returns whose sale is not loaded are in cost_of_goods only.
WITH known AS (
  SELECT seller_id, sku, currency, posted_on_local, units, problem FROM cost_of_goods WHERE event = 'sale'
),
sold AS (
  SELECT seller_id, sku, currency, posted_on_local, units_sold AS units, 'no cost' AS problem
  FROM settlement_lines
  WHERE units_sold <> 0 AND NOT EXISTS (SELECT 1 FROM known)
  UNION ALL
  SELECT seller_id, sku, currency, posted_on_local, units, problem FROM known WHERE problem IS NOT NULL
)
SELECT
  seller_id,
  sku,
  problem,
  currency,
  CAST(SUM(units) AS BIGINT) AS units,
  MIN(posted_on_local) AS first_day,
  MAX(posted_on_local) AS last_day
FROM sold
GROUP BY seller_id, sku, problem, currency
