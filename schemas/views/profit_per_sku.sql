-- Revenue and Amazon costs of each SKU, by settlement and month.
--
-- Tables: settlement_v2 | settlement_v1
-- Columns:
--   seller_id: The seller.
--   settlement_id: The settlement; its amounts are in one currency.
--   settlement_start: First day of the settlement.
--   settlement_end: Last day of the settlement.
--   month: Month in which the amounts were posted, in UTC, such as 2026-06.
--   marketplace_name: As the settlement names it, such as Amazon.de; NULL where an amount belongs to none.
--   currency: Currency of all amounts of the row.
--   sku: NULL for what belongs to no SKU, such as subscription and storage.
--   units_sold: Units of orders; refunds are not taken off.
--   sales: Prices of the goods of orders, without tax.
--   shipping: Shipping and gift wrap that buyers of orders paid, without tax.
--   promotions: Discounts on orders.
--   refunds: Prices, shipping and discounts that went back to buyers, without tax; chargebacks and guarantee claims too.
--   fees: All fees, less those that Amazon gave back on refunds.
--   advertising: Cost of advertising, where it is paid out of the settlement.
--   reimbursements: What Amazon paid for units that it lost or damaged, and for other claims.
--   other: Amounts that are none of the above, in another language than English for one.
--   profit: Sum of sales to other.
--   tax: Tax that buyers paid, less what Amazon withheld and pays to the state itself.
--   transfers: Reserves that Amazon kept or set free, and payments between the seller and Amazon. No income.
--   settled: profit, tax and transfers. Of all rows of a settlement together it is its total amount.
-- Caveats: The cost of goods is in no report of Amazon's. Where prices hold the seller's own VAT, as in Europe, it is in sales, unless the settlement tells it
--   apart. A settlement that came in both layouts counts once, in that of V2. Amounts are told apart by the words of English settlements; others are in other,
--   so that settled is right all the same.
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
