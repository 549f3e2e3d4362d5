-- The amounts of the settlements by SKU, marketplace and month, in a column for each kind. The views on profit add them up.
--
-- Tables: settlement_lines
-- Columns:
--   seller_id: The seller.
--   settlement_id: The settlement. All its amounts are in one currency.
--   month: Month in which the amounts were posted, in UTC, such as 2026-06.
--   local_month: Month in which the amounts were posted, in the time zone of the marketplace.
--   marketplace_name: Name of the marketplace in the settlement, such as Amazon.de; NULL if an amount belongs to no marketplace.
--   currency: Currency of the amounts.
--   sku: The seller's SKU; NULL for amounts that belong to no SKU.
--   allocated_fee: Which fee it is, for fees without a SKU that detail reports state by item: storage, long_term_storage or removal.
--   units_sold: Ordered units; refunded units are not subtracted.
--   units_refunded: Refunded units, as far as the settlements state them.
--   sales: Sum of the prices of the ordered goods, without tax.
--   shipping: What buyers paid for shipping and gift wrap, without tax.
--   promotions: Discounts on orders.
--   refunds: Prices, shipping and discounts returned to buyers, without tax; includes chargebacks and guarantee claims.
--   fees: All fees, less those that Amazon returned with refunds.
--   advertising: Cost of advertising, if it is paid from the settlement.
--   reimbursements: What Amazon paid for units that it lost or damaged, and for other claims.
--   other: All other amounts.
--   profit: All amounts but tax and transfers.
--   tax: Tax that buyers paid, less what Amazon withheld and itself pays to the tax authorities.
--   transfers: Reserves that Amazon withheld or released, and payments between the seller and Amazon. Not income.
--   settled: All amounts.
--   reporting_currency: The reporting currency; NULL without exchange rates.
--   reporting_profit: `profit` in the reporting currency, by the rates of the days, without the amounts that have no rate.
--   unconverted: How many amounts of `profit` have no rate.
-- Caveats: Amounts are classified by settlement_lines.
SELECT
  seller_id,
  settlement_id,
  SUBSTR(CAST(posted_on AS STRING), 1, 7) AS month,
  SUBSTR(CAST(posted_on_local AS STRING), 1, 7) AS local_month,
  marketplace_name,
  currency,
  sku,
  CASE WHEN sku IS NULL AND fee IN ('storage', 'long_term_storage', 'removal') THEN fee END AS allocated_fee,
  CAST(COALESCE(SUM(units_sold), 0) AS BIGINT) AS units_sold,
  CAST(COALESCE(SUM(units_refunded), 0) AS BIGINT) AS units_refunded,
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
  SUM(amount) AS settled,
  MAX(reporting_currency) AS reporting_currency,
  SUM(CASE WHEN kind NOT IN ('tax', 'transfers') THEN COALESCE(reporting_amount, 0) ELSE 0 END) AS reporting_profit,
  SUM(CASE WHEN kind NOT IN ('tax', 'transfers') AND reporting_amount IS NULL THEN 1 ELSE 0 END) AS unconverted
FROM settlement_lines
GROUP BY
  seller_id, settlement_id, SUBSTR(CAST(posted_on AS STRING), 1, 7), SUBSTR(CAST(posted_on_local AS STRING), 1, 7), marketplace_name, currency, sku,
  CASE WHEN sku IS NULL AND fee IN ('storage', 'long_term_storage', 'removal') THEN fee END
