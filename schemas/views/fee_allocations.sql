-- Fees that Amazon charges per account, with the items that the detail reports state for them.
--
-- Tables: settlement_lines, storage_fees?, long_term_storage_fees?, removal_orders?, fba_inventory?, inventory_planning?, ledger_detail?, marketplace_facts
-- Columns:
--   seller_id: The seller.
--   local_month: Month in which the fee was charged, in the time zone of the marketplace, such as 2026-06.
--   charged_on: First day of the charge.
--   fee: Which fee it is: storage, long_term_storage or removal.
--   currency: Currency of the amount.
--   matched_by: What the charge and the detail report have in common: the month of storage, the month of the surcharge, or the removal order.
--   marketplace_name: Name of the marketplace whose fulfilment centres stored the item; NULL for removals.
--   sku: The seller's SKU; NULL if no report says which SKU the item is, or if several SKUs share it.
--   fnsku: Amazon's id of the item.
--   amount: What the detail report states for the item, as a negative amount.
-- Caveats: A charge for storage in a settlement is for the month before; one for ageing stock is for its own month; one for a removal states the order or is for
--   orders that were completed in its month. Amounts are as the detail reports state them, rounded to cents, so they may add up to another sum than was charged:
--   account_fees shows the difference.
WITH charges AS (
  SELECT
    seller_id, currency, fee, posted_on_local, amount,
    SUBSTR(CAST(posted_on_local AS STRING), 1, 7) AS local_month,
    CASE WHEN fee = 'removal' THEN order_id END AS removal_order
  FROM settlement_lines
  WHERE kind = 'fees' AND fee IN ('storage', 'long_term_storage', 'removal') AND sku IS NULL
),
matchable AS (
  SELECT
    seller_id, currency, fee, local_month, posted_on_local, amount,
    CASE
      WHEN removal_order IS NOT NULL THEN removal_order
      WHEN fee <> 'storage' THEN local_month
      WHEN SUBSTR(local_month, 6, 2) = '01' THEN CONCAT(CAST(CAST(SUBSTR(local_month, 1, 4) AS BIGINT) - 1 AS STRING), '-12')
      ELSE CONCAT(SUBSTR(local_month, 1, 5), SUBSTR(CAST(99 + CAST(SUBSTR(local_month, 6, 2) AS BIGINT) AS STRING), 2, 2))
    END AS matched_by
  FROM charges
),
-- A charge in several months is allocated in the first of them.
charged AS (
  SELECT seller_id, currency, fee, matched_by, MIN(local_month) AS local_month, MIN(posted_on_local) AS charged_on
  FROM matchable
  GROUP BY seller_id, currency, fee, matched_by
  HAVING SUM(amount) < 0
),
named AS (
  SELECT _seller_id, fnsku, sku FROM fba_inventory
  UNION ALL
  SELECT _seller_id, fnsku, sku FROM inventory_planning
  UNION ALL
  SELECT _seller_id, fnsku, msku FROM ledger_detail
  UNION ALL
  SELECT _seller_id, fnsku, sku FROM long_term_storage_fees
  UNION ALL
  SELECT _seller_id, fnsku, sku FROM removal_orders
),
items AS (
  SELECT _seller_id, fnsku, MIN(sku) AS sku
  FROM named
  WHERE fnsku IS NOT NULL AND sku IS NOT NULL
  GROUP BY _seller_id, fnsku
  HAVING COUNT(DISTINCT named.sku) = 1
),
details AS (
  SELECT
    storage_fees._seller_id AS seller_id, 'storage' AS fee, month_of_charge AS matched_by, currency, country_code AS country,
    storage_fees.fnsku AS fnsku, items.sku AS sku, estimated_monthly_storage_fee AS amount
  FROM storage_fees
  LEFT JOIN items ON items._seller_id = storage_fees._seller_id AND items.fnsku = storage_fees.fnsku
  UNION ALL
  SELECT
    _seller_id, 'long_term_storage', SUBSTR(CAST(snapshot_date AS STRING), 1, 7), currency, country, fnsku, sku,
    COALESCE(amount_charged, COALESCE(long_terms_storage_fee_12_mo, 0) + COALESCE(long_terms_storage_fee_6_mo, 0))
  FROM long_term_storage_fees
  UNION ALL
  SELECT _seller_id, 'removal', order_id, currency, CAST(NULL AS STRING), fnsku, sku, removal_fee
  FROM removal_orders
  UNION ALL
  SELECT
    _seller_id, 'removal', SUBSTR(CAST(CAST(last_updated_date AS DATE) AS STRING), 1, 7), currency, CAST(NULL AS STRING), fnsku, sku, removal_fee
  FROM removal_orders
  WHERE LOWER(order_status) = 'completed' AND NOT EXISTS (
    SELECT 1 FROM charges WHERE charges.seller_id = removal_orders._seller_id AND charges.removal_order = removal_orders.order_id
  )
)
SELECT
  charged.seller_id AS seller_id,
  local_month,
  charged_on,
  charged.fee AS fee,
  charged.currency AS currency,
  charged.matched_by AS matched_by,
  places.marketplace_name AS marketplace_name,
  details.sku AS sku,
  details.fnsku AS fnsku,
  -- The factor keeps digits behind the cents, so that sums with other amounts keep theirs.
  -ROUND(SUM(details.amount), 2) * NUMERIC '1' AS amount
FROM charged
JOIN details
  ON details.seller_id = charged.seller_id AND details.fee = charged.fee AND details.matched_by = charged.matched_by AND details.currency = charged.currency
LEFT JOIN (SELECT country, marketplace_name FROM marketplace_facts) AS places
  ON places.country = CASE WHEN UPPER(details.country) = 'GB' THEN 'UK' ELSE UPPER(details.country) END
GROUP BY
  charged.seller_id, local_month, charged_on, charged.fee, charged.currency, charged.matched_by, places.marketplace_name, details.sku, details.fnsku
HAVING SUM(details.amount) <> 0
