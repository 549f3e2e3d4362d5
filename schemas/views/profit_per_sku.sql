-- What each SKU earned, and what Amazon charged for it, by settlement and month.
--
-- Tables: settlement_sums, settlement_v2 | settlement_v1
-- Columns:
--   seller_id: The seller.
--   settlement_id: The settlement. All its amounts are in one currency.
--   settlement_start: First day of the settlement.
--   settlement_end: Last day of the settlement.
--   month: Month in which the amounts were posted, in UTC, such as 2026-06.
--   marketplace_name: Name of the marketplace in the settlement, such as Amazon.de; NULL if an amount belongs to no marketplace.
--   currency: Currency of all amounts in the row.
--   sku: The seller's SKU; NULL for amounts that belong to no SKU, such as subscription and storage fees.
--   units_sold: Ordered units; refunded units are not subtracted.
--   sales: Sum of the prices of the ordered goods, without tax.
--   shipping: What buyers paid for shipping and gift wrap, without tax.
--   promotions: Discounts on orders.
--   refunds: Prices, shipping and discounts returned to buyers, without tax; includes chargebacks and guarantee claims.
--   fees: All fees, less those that Amazon returned with refunds.
--   advertising: Cost of advertising, if it is paid from the settlement.
--   reimbursements: What Amazon paid for units that it lost or damaged, and for other claims.
--   other: All other amounts, including those of settlements in languages other than English; unknown_amounts lists those of unknown types.
--   profit: Sum of the columns from `sales` to `other`.
--   tax: Tax that buyers paid, less what Amazon withheld and itself pays to the tax authorities.
--   transfers: Reserves that Amazon withheld or released, and payments between the seller and Amazon. Not income.
--   settled: Sum of `profit`, `tax` and `transfers`. Over all rows of a settlement it adds up to its total amount.
-- Caveats: Without the cost of goods; see profit_per_sku_and_month. If prices include the seller's VAT, as in Europe, so does `sales`, unless the settlement states the VAT
--   separately. A settlement that came in both layouts counts once, in the V2 layout. Amounts are classified by the types of English settlements. All other amounts
--   are in `other`, so `settled` is always right.
WITH summaries AS (
  SELECT
    _seller_id, settlement_id,
    CAST(MIN(settlement_start_date) AS DATE) AS settlement_start,
    CAST(MAX(settlement_end_date) AS DATE) AS settlement_end
  FROM (
    SELECT _seller_id, settlement_id, settlement_start_date, settlement_end_date FROM settlement_v2
    UNION ALL
    SELECT _seller_id, settlement_id, settlement_start_date, settlement_end_date FROM settlement_v1
  ) AS both_layouts
  GROUP BY _seller_id, settlement_id
)
SELECT
  seller_id,
  sums.settlement_id AS settlement_id,
  MAX(summaries.settlement_start) AS settlement_start,
  MAX(summaries.settlement_end) AS settlement_end,
  month,
  marketplace_name,
  MAX(currency) AS currency,
  sku,
  CAST(SUM(units_sold) AS BIGINT) AS units_sold,
  SUM(sales) AS sales,
  SUM(shipping) AS shipping,
  SUM(promotions) AS promotions,
  SUM(refunds) AS refunds,
  SUM(fees) AS fees,
  SUM(advertising) AS advertising,
  SUM(reimbursements) AS reimbursements,
  SUM(other) AS other,
  SUM(profit) AS profit,
  SUM(tax) AS tax,
  SUM(transfers) AS transfers,
  SUM(settled) AS settled
FROM settlement_sums AS sums
LEFT JOIN summaries
  ON summaries._seller_id = seller_id AND summaries.settlement_id = sums.settlement_id
GROUP BY seller_id, sums.settlement_id, month, marketplace_name, sku
