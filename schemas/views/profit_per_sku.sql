-- What each SKU earned, and what Amazon charged for it, by settlement and month.
--
-- Tables: settlement_v2 | settlement_v1
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
--   other: All other amounts, including those of settlements in languages other than English.
--   profit: Sum of the columns from `sales` to `other`.
--   tax: Tax that buyers paid, less what Amazon withheld and itself pays to the tax authorities.
--   transfers: Reserves that Amazon withheld or released, and payments between the seller and Amazon. Not income.
--   settled: Sum of `profit`, `tax` and `transfers`. Over all rows of a settlement it adds up to its total amount.
-- Caveats: No Amazon report states the cost of goods. If prices include the seller's VAT, as in Europe, so does `sales`, unless the settlement states the VAT
--   separately. A settlement that came in both layouts counts once, in the V2 layout. Amounts are classified by the terms of English settlements. All other amounts
--   are in `other`, so `settled` is always right.
WITH parts AS (
  SELECT 1 AS part UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
  UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9
),
lines AS (
  SELECT
    _seller_id, settlement_id, marketplace_name, sku,
    COALESCE(CAST(posted_date_time AS DATE), posted_date) AS posted_on,
    LOWER(COALESCE(transaction_type, '')) AS transaction_type,
    LOWER(COALESCE(amount_type, '')) AS amount_type,
    LOWER(COALESCE(amount_description, '')) AS amount_description,
    amount,
    CASE
      WHEN LOWER(transaction_type) = 'order' AND amount_type = 'ItemPrice' AND amount_description = 'Principal'
      THEN quantity_purchased
    END AS units
  FROM settlement_v2
  WHERE amount IS NOT NULL
  UNION ALL
  -- The older layout has a pair of columns for each kind of amount, and units on a row of their own.
  SELECT
    _seller_id, settlement_id, marketplace_name, sku,
    CAST(posted_date AS DATE),
    LOWER(COALESCE(transaction_type, '')),
    CASE part
      WHEN 1 THEN 'itemprice' WHEN 2 THEN 'promotion' WHEN 3 THEN 'itemfees' WHEN 4 THEN 'shipmentfees' WHEN 5 THEN 'orderfees'
      WHEN 6 THEN 'miscfees' WHEN 7 THEN 'otherfees' WHEN 8 THEN 'direct payment' ELSE 'other-transaction'
    END,
    LOWER(COALESCE(CASE part
      WHEN 1 THEN price_type WHEN 2 THEN promotion_type WHEN 3 THEN item_related_fee_type WHEN 4 THEN shipment_fee_type
      WHEN 5 THEN order_fee_type WHEN 7 THEN other_fee_reason_description WHEN 8 THEN direct_payment_type WHEN 9 THEN transaction_type
    END, '')),
    CASE part
      WHEN 1 THEN price_amount WHEN 2 THEN promotion_amount WHEN 3 THEN item_related_fee_amount WHEN 4 THEN shipment_fee_amount
      WHEN 5 THEN order_fee_amount WHEN 6 THEN misc_fee_amount WHEN 7 THEN other_fee_amount WHEN 8 THEN direct_payment_amount
      ELSE other_amount
    END,
    CASE WHEN part = 1 AND LOWER(transaction_type) = 'order' THEN quantity_purchased END
  FROM settlement_v1 AS v1
  CROSS JOIN parts
  WHERE total_amount IS NULL AND NOT EXISTS (
    SELECT 1 FROM settlement_v2 AS v2
    WHERE v2._seller_id = v1._seller_id AND v2.settlement_id = v1.settlement_id
  )
),
kinds AS (
  SELECT
    _seller_id, settlement_id, marketplace_name, sku, posted_on, amount, units,
    CASE
      WHEN amount_type = 'itemwithheldtax' OR amount_description LIKE 'marketplacefacilitator%'
        OR (amount_description LIKE '%tax%' AND amount_description NOT LIKE '%fee%') THEN 'tax'
      WHEN amount_type = 'direct payment' OR amount_description LIKE '%reserve amount%'
        OR amount_description LIKE 'payable to amazon%' OR amount_description LIKE '%successful charge%'
        OR amount_description LIKE 'transfer of funds%' THEN 'transfers'
      WHEN amount_type IN ('itemprice', 'promotion') AND (transaction_type LIKE '%refund%'
        OR transaction_type LIKE '%chargeback%' OR transaction_type LIKE 'a-to-z%') THEN 'refunds'
      WHEN amount_type = 'itemprice' AND amount_description = 'principal' THEN 'sales'
      WHEN amount_type = 'itemprice' AND (amount_description LIKE 'shipping%' OR amount_description LIKE 'giftwrap%') THEN 'shipping'
      WHEN amount_type = 'promotion' THEN 'promotions'
      WHEN amount_type LIKE '%reimburs%' OR amount_description LIKE '%reimburs%' THEN 'reimbursements'
      WHEN amount_type LIKE '%advertising%' OR amount_description LIKE '%advertising%' THEN 'advertising'
      WHEN amount_type LIKE '%fee%' OR amount_description LIKE '%fee%' OR transaction_type LIKE '%fee%' THEN 'fees'
      ELSE 'other'
    END AS kind
  FROM lines
),
summaries AS (
  SELECT
    _seller_id, settlement_id,
    MAX(currency) AS currency,
    CAST(MIN(settlement_start_date) AS DATE) AS settlement_start,
    CAST(MAX(settlement_end_date) AS DATE) AS settlement_end
  FROM (
    SELECT _seller_id, settlement_id, currency, settlement_start_date, settlement_end_date FROM settlement_v2
    UNION ALL
    SELECT _seller_id, settlement_id, currency, settlement_start_date, settlement_end_date FROM settlement_v1
  ) AS both_layouts
  GROUP BY _seller_id, settlement_id
)
SELECT
  kinds._seller_id AS seller_id,
  kinds.settlement_id AS settlement_id,
  MAX(summaries.settlement_start) AS settlement_start,
  MAX(summaries.settlement_end) AS settlement_end,
  SUBSTR(CAST(posted_on AS STRING), 1, 7) AS month,
  marketplace_name,
  MAX(summaries.currency) AS currency,
  sku,
  CAST(COALESCE(SUM(units), 0) AS BIGINT) AS units_sold,
  SUM(CASE WHEN kind = 'sales' THEN amount ELSE 0 END) AS sales,
  SUM(CASE WHEN kind = 'shipping' THEN amount ELSE 0 END) AS shipping,
  SUM(CASE WHEN kind = 'promotions' THEN amount ELSE 0 END) AS promotions,
  SUM(CASE WHEN kind = 'refunds' THEN amount ELSE 0 END) AS refunds,
  SUM(CASE WHEN kind = 'fees' THEN amount ELSE 0 END) AS fees,
  SUM(CASE WHEN kind = 'advertising' THEN amount ELSE 0 END) AS advertising,
  SUM(CASE WHEN kind = 'reimbursements' THEN amount ELSE 0 END) AS reimbursements,
  SUM(CASE WHEN kind = 'other' THEN amount ELSE 0 END) AS other,
  SUM(CASE WHEN kind NOT IN ('tax', 'transfers') THEN amount ELSE 0 END) AS profit,
  SUM(CASE WHEN kind = 'tax' THEN amount ELSE 0 END) AS tax,
  SUM(CASE WHEN kind = 'transfers' THEN amount ELSE 0 END) AS transfers,
  COALESCE(SUM(amount), 0) AS settled
FROM kinds
LEFT JOIN summaries
  ON summaries._seller_id = kinds._seller_id AND summaries.settlement_id = kinds.settlement_id
WHERE amount IS NOT NULL OR units IS NOT NULL
GROUP BY kinds._seller_id, kinds.settlement_id, SUBSTR(CAST(posted_on AS STRING), 1, 7), marketplace_name, sku
