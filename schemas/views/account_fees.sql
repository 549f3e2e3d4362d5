-- Fees that Amazon charges per account and month: how much of them the detail reports explain per SKU, and how much they do not.
--
-- Tables: settlement_lines, fee_allocations
-- Columns:
--   seller_id: The seller.
--   local_month: Month in which the fee was charged, in the time zone of the marketplace, such as 2026-06.
--   fee: Which fee it is, as in settlement_lines; advertising for the cost of advertising.
--   currency: Currency of the amounts.
--   charged: What the settlements charged without a SKU. Negative.
--   allocated: What the detail reports state for SKUs. profit_per_sku_and_month has it with the SKU.
--   without_sku: What the detail reports state for items whose SKU no report names.
--   unallocated: `charged` less `allocated`.
--   reason: Why something is unallocated: no report states the items, no detail report is loaded, the SKU of some items is unknown, or the detail report adds up
--     to another amount (a rounding, or a correction).
-- Caveats: Advertising is known as far as it is paid from settlements. The settlement does not say which items it was for.
WITH charged AS (
  SELECT
    seller_id, SUBSTR(CAST(posted_on_local AS STRING), 1, 7) AS local_month,
    CASE WHEN kind = 'advertising' THEN 'advertising' ELSE fee END AS fee, currency, SUM(amount) AS amount
  FROM settlement_lines
  WHERE kind IN ('fees', 'advertising') AND sku IS NULL
  GROUP BY seller_id, SUBSTR(CAST(posted_on_local AS STRING), 1, 7), CASE WHEN kind = 'advertising' THEN 'advertising' ELSE fee END, currency
),
details AS (
  SELECT
    seller_id, local_month, fee, currency,
    SUM(CASE WHEN sku IS NOT NULL THEN amount ELSE 0 END) AS allocated,
    SUM(CASE WHEN sku IS NULL THEN amount ELSE 0 END) AS without_sku
  FROM fee_allocations
  GROUP BY seller_id, local_month, fee, currency
)
SELECT
  charged.seller_id AS seller_id,
  charged.local_month AS local_month,
  charged.fee AS fee,
  charged.currency AS currency,
  charged.amount AS charged,
  COALESCE(allocated, 0) AS allocated,
  COALESCE(without_sku, 0) AS without_sku,
  charged.amount - COALESCE(allocated, 0) AS unallocated,
  CASE
    WHEN charged.amount = COALESCE(allocated, 0) THEN NULL
    WHEN charged.fee NOT IN ('storage', 'long_term_storage', 'removal') THEN 'no report states the items'
    WHEN details.seller_id IS NULL THEN 'no detail report is loaded'
    WHEN without_sku <> 0 THEN 'the SKU of some items is unknown'
    ELSE 'the detail report adds up to another amount'
  END AS reason
FROM charged
LEFT JOIN details
  ON details.seller_id = charged.seller_id AND details.local_month = charged.local_month AND details.fee = charged.fee AND details.currency = charged.currency
