-- Settlements compared with their deposits: what Amazon states as the total, what the amounts add up to, and what they are.
--
-- Tables: settlement_lines, settlement_v2 | settlement_v1
-- Columns:
--   seller_id: The seller.
--   settlement_id: The settlement.
--   settlement_start: First day of the settlement, in UTC.
--   settlement_end: Last day of the settlement, in UTC.
--   deposit_date: Day of the deposit, in UTC.
--   currency: Currency of all amounts.
--   deposit: The total that Amazon states: what it deposits, or charges if it is negative. NULL if the summary row is missing.
--   lines: How many amounts the settlement has.
--   lines_total: What the amounts add up to.
--   difference: `lines_total` less `deposit`; 0 if the settlement is complete.
--   state: balanced, differs, or no total.
--   profit: Amounts that are income or cost, without tax and transfers.
--   tax: Tax, as in profit_per_sku.
--   transfers: Reserves and payments, as in profit_per_sku.
--   unknown: Sum of the amounts of unknown types, which are in profit; unknown_amounts lists them.
-- Caveats: The same comparison is made at each load: a settlement that differs has the warning TOTALS_DIFFER in the ledger, which the page and alarms show.
WITH summaries AS (
  SELECT
    _seller_id, settlement_id,
    MIN(settlement_start_date) AS settlement_start, MAX(settlement_end_date) AS settlement_end, MAX(deposit_date) AS deposit_date,
    MAX(currency) AS currency, MAX(total_amount) AS total_amount
  FROM settlement_v2
  GROUP BY _seller_id, settlement_id
  UNION ALL
  SELECT
    _seller_id, settlement_id, MIN(settlement_start_date), MAX(settlement_end_date), MAX(deposit_date), MAX(currency), MAX(total_amount)
  FROM settlement_v1 AS v1
  WHERE NOT EXISTS (SELECT 1 FROM settlement_v2 AS v2 WHERE v2._seller_id = v1._seller_id AND v2.settlement_id = v1.settlement_id)
  GROUP BY _seller_id, settlement_id
),
sums AS (
  SELECT
    seller_id, settlement_id,
    COUNT(*) AS lines,
    SUM(amount) AS total,
    SUM(CASE WHEN kind NOT IN ('tax', 'transfers') THEN amount ELSE 0 END) AS profit,
    SUM(CASE WHEN kind = 'tax' THEN amount ELSE 0 END) AS tax,
    SUM(CASE WHEN kind = 'transfers' THEN amount ELSE 0 END) AS transfers,
    SUM(CASE WHEN NOT is_known THEN amount ELSE 0 END) AS unknown_amount
  FROM settlement_lines
  GROUP BY seller_id, settlement_id
)
SELECT
  _seller_id AS seller_id,
  summaries.settlement_id AS settlement_id,
  CAST(settlement_start AS DATE) AS settlement_start,
  CAST(settlement_end AS DATE) AS settlement_end,
  CAST(deposit_date AS DATE) AS deposit_date,
  currency,
  total_amount AS deposit,
  COALESCE(lines, 0) AS lines,
  COALESCE(total, 0) AS lines_total,
  COALESCE(total, 0) - total_amount AS difference,
  CASE WHEN total_amount IS NULL THEN 'no total' WHEN COALESCE(total, 0) = total_amount THEN 'balanced' ELSE 'differs' END AS state,
  COALESCE(profit, 0) AS profit,
  COALESCE(tax, 0) AS tax,
  COALESCE(transfers, 0) AS transfers,
  COALESCE(unknown_amount, 0) AS unknown
FROM summaries
LEFT JOIN sums ON sums.seller_id = _seller_id AND sums.settlement_id = summaries.settlement_id
