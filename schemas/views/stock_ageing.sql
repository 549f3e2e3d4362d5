-- Age of the stock at Amazon by SKU, and what that stock will cost, from the newest snapshot.
--
-- Tables: inventory_planning | inventory_age
-- Columns:
--   seller_id: The seller.
--   snapshot_date: Day of the snapshot.
--   marketplace: Name of the marketplace in the report; NULL if there is none.
--   sku: The seller's SKU.
--   asin: ASIN.
--   product_name: Name of the product.
--   condition: Condition of the units.
--   available: Units that can be sold now.
--   units_0_to_90_days: Units that arrived within the last 90 days.
--   units_91_to_180_days: Units that arrived 91 to 180 days ago.
--   units_181_to_365_days: Units that arrived 181 to 365 days ago.
--   units_over_365_days: Units that arrived more than 365 days ago.
--   units_shipped_90_days: Units shipped in the last 90 days.
--   currency: Currency of the amounts.
--   price: Price of the offer.
--   surcharge: Estimate of the next surcharge for aged stock (before 2023: of the long-term storage fee).
--   storage_cost: Estimate of next month's storage fee; NULL if the report does not state it.
-- Caveats: For a seller with rows in inventory_planning, the view ignores inventory_age, which Amazon has discontinued. Amounts are Amazon's own estimates. The
--   age columns differ from report to report; the view adds up those that exist. Marketplaces that share stock may each report the same units: look at one
--   marketplace at a time.
SELECT
  _seller_id AS seller_id,
  snapshot_date,
  marketplace,
  sku,
  asin,
  product_name,
  condition,
  available,
  COALESCE(
    inv_age_0_to_90_days, inv_age_0_to_30_days + inv_age_31_to_60_days + inv_age_61_to_90_days
  ) AS units_0_to_90_days,
  inv_age_91_to_180_days AS units_91_to_180_days,
  COALESCE(
    inv_age_181_to_270_days + inv_age_271_to_365_days, inv_age_181_to_330_days + inv_age_331_to_365_days
  ) AS units_181_to_365_days,
  COALESCE(inv_age_365_plus_days, inv_age_366_to_455_days + inv_age_456_plus_days) AS units_over_365_days,
  units_shipped_t90 AS units_shipped_90_days,
  currency,
  your_price AS price,
  COALESCE(estimated_ais_181_210_days, 0) + COALESCE(estimated_ais_211_240_days, 0)
    + COALESCE(estimated_ais_241_270_days, 0) + COALESCE(estimated_ais_271_300_days, 0)
    + COALESCE(estimated_ais_301_330_days, 0) + COALESCE(estimated_ais_331_365_days, 0)
    + COALESCE(
      estimated_ais_365_plus_days,
      COALESCE(estimated_ais_366_455_days, 0) + COALESCE(estimated_ais_456_plus_days, 0)
    ) AS surcharge,
  estimated_storage_cost_next_month AS storage_cost
FROM inventory_planning
UNION ALL
SELECT
  _seller_id,
  snapshot_date,
  CAST(NULL AS STRING),
  sku,
  asin,
  product_name,
  condition,
  available_quantity,
  inv_age_0_to_90_days,
  inv_age_91_to_180_days,
  inv_age_181_to_270_days + inv_age_271_to_365_days,
  inv_age_365_plus_days,
  units_shipped_last_90_days,
  currency,
  your_price,
  COALESCE(projected_ltsf_12_mo, 0),
  NULL
FROM inventory_age AS aged
WHERE NOT EXISTS (SELECT 1 FROM inventory_planning AS planned WHERE planned._seller_id = aged._seller_id)
