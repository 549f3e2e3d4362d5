-- Units that Amazon lost or damaged in its warehouses and neither found nor reimbursed, by item. This is what to claim.
--
-- Tables: ledger_detail | inventory_adjustments, reimbursements
-- Columns:
--   seller_id: The seller.
--   fnsku: Amazon's id of the item, by which events and reimbursements are matched.
--   sku: The seller's SKU.
--   asin: ASIN; NULL if the item is only in inventory_adjustments.
--   product_name: Name of the product.
--   cause: `lost` or `damaged`.
--   units_gone: Units lost (reasons M and 5) or damaged by Amazon (reason E).
--   units_found: Lost units that were found again (reasons F and N).
--   units_reimbursed: Units that Amazon paid for or replaced, less those whose reimbursement was reversed.
--   units_owed: `units_gone` less `units_found` and `units_reimbursed`, always above 0.
--   first_event: Day of the first event that counts.
--   last_event: Day of the last event that counts. Amazon accepts claims for a few months only.
--   currency: Currency of the two amounts; NULL if the item was never reimbursed.
--   last_amount_per_unit: What Amazon paid per unit the last time.
--   estimate: `units_owed` times `last_amount_per_unit`.
-- Caveats: No report says which event a reimbursement is for, so units are matched by item and cause, not one by one. The view counts the events that were
--   loaded, and the reimbursements approved since the first of them. Load the ledger and the reimbursements for the same months; otherwise the view shows more
--   than Amazon owes. Amazon takes some weeks to reimburse units without a claim, so do not claim recent events yet (`last_event`). Units that were lost on the way to
--   Amazon, by customers or by carriers are not included; neither are units that were already unsellable when they were damaged.
WITH events AS (
  SELECT
    _seller_id, fnsku, msku AS sku, asin, title AS product_name, date AS event_date, quantity, UPPER(reason) AS reason
  FROM ledger_detail
  WHERE LOWER(event_type) = 'adjustments'
  UNION ALL
  SELECT
    _seller_id, fnsku, sku, CAST(NULL AS STRING), product_name, CAST(adjusted_date AS DATE), quantity, UPPER(reason)
  FROM inventory_adjustments AS adjusted
  WHERE NOT EXISTS (SELECT 1 FROM ledger_detail AS ledger WHERE ledger._seller_id = adjusted._seller_id)
),
spans AS (
  SELECT _seller_id, MIN(event_date) AS begins
  FROM events
  GROUP BY _seller_id
),
losses AS (
  SELECT
    _seller_id, fnsku,
    CASE WHEN reason = 'E' THEN 'damaged' ELSE 'lost' END AS cause,
    MAX(sku) AS sku, MAX(asin) AS asin, MAX(product_name) AS product_name,
    SUM(CASE WHEN reason IN ('M', '5', 'E') THEN -quantity ELSE 0 END) AS units_gone,
    SUM(CASE WHEN reason IN ('F', 'N') THEN quantity ELSE 0 END) AS units_found,
    MIN(event_date) AS first_event, MAX(event_date) AS last_event
  FROM events
  WHERE reason IN ('M', '5', 'F', 'N', 'E')
  GROUP BY _seller_id, fnsku, CASE WHEN reason = 'E' THEN 'damaged' ELSE 'lost' END
),
originals AS (
  SELECT _seller_id, reimbursement_id, fnsku, MAX(reason) AS reason
  FROM reimbursements
  WHERE LOWER(reason) NOT LIKE '%reversal%'
  GROUP BY _seller_id, reimbursement_id, fnsku
),
approvals AS (
  SELECT
    paid._seller_id AS _seller_id, paid.fnsku AS fnsku, approval_date,
    LOWER(COALESCE(originals.reason, paid.reason)) AS reason,
    CASE WHEN LOWER(paid.reason) LIKE '%reversal%' THEN -ABS(quantity_reimbursed_total) ELSE quantity_reimbursed_total END AS units
  FROM reimbursements AS paid
  LEFT JOIN originals
    ON originals._seller_id = paid._seller_id AND originals.fnsku = paid.fnsku
    AND originals.reimbursement_id = paid.original_reimbursement_id AND LOWER(paid.reason) LIKE '%reversal%'
),
repaid AS (
  SELECT
    approvals._seller_id AS _seller_id, fnsku,
    CASE WHEN reason LIKE 'damaged%' THEN 'damaged' ELSE 'lost' END AS cause,
    SUM(units) AS units
  FROM approvals
  JOIN spans ON spans._seller_id = approvals._seller_id AND CAST(approval_date AS DATE) >= begins
  WHERE reason LIKE 'lost%warehouse' OR reason LIKE 'damaged%warehouse' OR reason IN ('lost', 'damaged')
  GROUP BY approvals._seller_id, fnsku, CASE WHEN reason LIKE 'damaged%' THEN 'damaged' ELSE 'lost' END
),
prices AS (
  SELECT
    _seller_id, fnsku, currency_unit, amount_per_unit,
    ROW_NUMBER() OVER (PARTITION BY _seller_id, fnsku ORDER BY approval_date DESC, reimbursement_id DESC, _row) AS recency
  FROM reimbursements
  WHERE amount_per_unit > 0
),
owed AS (
  SELECT
    losses._seller_id AS seller_id, losses.fnsku AS fnsku, sku, asin, product_name, losses.cause AS cause,
    CAST(units_gone AS BIGINT) AS units_gone,
    CAST(units_found AS BIGINT) AS units_found,
    CAST(COALESCE(units, 0) AS BIGINT) AS units_reimbursed,
    CAST(units_gone - units_found - COALESCE(units, 0) AS BIGINT) AS units_owed,
    first_event, last_event
  FROM losses
  LEFT JOIN repaid
    ON repaid._seller_id = losses._seller_id AND repaid.fnsku = losses.fnsku AND repaid.cause = losses.cause
)
SELECT
  seller_id,
  owed.fnsku AS fnsku,
  sku,
  asin,
  product_name,
  cause,
  units_gone,
  units_found,
  units_reimbursed,
  units_owed,
  first_event,
  last_event,
  currency_unit AS currency,
  amount_per_unit AS last_amount_per_unit,
  units_owed * amount_per_unit AS estimate
FROM owed
LEFT JOIN prices ON prices._seller_id = seller_id AND prices.fnsku = owed.fnsku AND recency = 1
WHERE units_owed > 0
