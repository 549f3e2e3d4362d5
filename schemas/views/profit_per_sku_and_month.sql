-- What each SKU earned in each month, with its share of the fees per account and the cost of goods.
--
-- Tables: settlement_lines, fee_allocations, cost_of_goods?, exchange_rates?
-- Columns:
--   seller_id: The seller.
--   local_month: Month in which the amounts were posted, in the time zone of the marketplace, such as 2026-06.
--   marketplace_name: Name of the marketplace, such as Amazon.de; NULL if an amount belongs to no marketplace.
--   currency: Currency of the amounts.
--   sku: The seller's SKU; NULL for amounts that belong to no SKU.
--   units_sold: Ordered units; refunded units are not subtracted.
--   units_refunded: Refunded units, as far as the settlements state them.
--   sales: Sum of the prices of the ordered goods, without tax.
--   shipping: What buyers paid for shipping and gift wrap, without tax.
--   promotions: Discounts on orders.
--   refunds: Prices, shipping and discounts returned to buyers, without tax; includes chargebacks and guarantee claims.
--   fees: Fees that the settlement states for the SKU, less those that Amazon returned with refunds.
--   account_fees: Share of the fees that Amazon charges per account: storage, long-term storage and removals, by the detail reports. Without a SKU, what is not allocated.
--   advertising: Cost of advertising, if it is paid from the settlement.
--   reimbursements: What Amazon paid for units that it lost or damaged, and for other claims.
--   other: All other amounts.
--   profit_before_costs: Sum of the columns from `sales` to `other`.
--   cost_of_goods: What the sold units cost the seller, as a negative amount; NULL if the cost of a unit is missing (see missing_costs).
--   profit: `profit_before_costs` and `cost_of_goods`; NULL if a cost is missing.
--   tax: Tax that buyers paid, less what Amazon withheld and itself pays to the tax authorities.
--   transfers: Reserves that Amazon withheld or released, and payments between the seller and Amazon. Not income.
--   settled: Sum of `profit_before_costs`, `tax` and `transfers`. Over all rows of a seller and currency it adds up to the totals of the settlements.
--   reporting_currency: The reporting currency; NULL without exchange rates.
--   reporting_profit_before_costs: `profit_before_costs` in the reporting currency; NULL if a rate is missing (see missing_rates).
--   reporting_profit: `profit` in the reporting currency; NULL if a rate or a cost is missing.
-- Caveats: The cost of goods counts when a unit is sold. Units that came back and can be sold again are not credited. What storage, long-term storage and removals
--   cost per SKU follows from the detail reports (fee_allocations); account_fees shows what they do not explain. Amounts are converted by the rate of their day.
WITH lines AS (
  SELECT
    seller_id, SUBSTR(CAST(posted_on_local AS STRING), 1, 7) AS local_month,
    CASE WHEN sku IS NULL AND COALESCE(fee, '') IN ('storage', 'long_term_storage', 'removal') THEN NULL ELSE marketplace_name END AS marketplace_name,
    currency, sku,
    CASE WHEN kind = 'fees' AND sku IS NULL THEN 'account_fees' ELSE kind END AS kind,
    amount, units_sold, units_refunded, reporting_currency, reporting_amount
  FROM settlement_lines
),
reporting AS (
  SELECT MAX(reporting_currency) AS reporting_currency FROM exchange_rates
),
rates AS (
  SELECT date AS rate_date, currency, MAX(rate) AS rate
  FROM exchange_rates
  JOIN reporting ON reporting.reporting_currency = exchange_rates.reporting_currency
  GROUP BY date, currency
),
allocations AS (
  SELECT
    seller_id, local_month, marketplace_name, fee_allocations.currency AS currency, sku, amount, reporting.reporting_currency AS reporting_currency,
    ROUND(amount * CASE WHEN fee_allocations.currency = reporting.reporting_currency THEN 1 ELSE rate END, 4) AS reporting_amount
  FROM fee_allocations
  CROSS JOIN reporting
  LEFT JOIN rates ON rate_date = charged_on AND rates.currency = fee_allocations.currency
  WHERE sku IS NOT NULL
),
entries AS (
  SELECT
    seller_id, local_month, marketplace_name, currency, sku, kind, amount, units_sold, units_refunded, reporting_currency, reporting_amount
  FROM lines
  UNION ALL
  SELECT
    seller_id, local_month, marketplace_name, currency, sku, 'account_fees', amount, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), reporting_currency, reporting_amount
  FROM allocations
  UNION ALL
  -- What the SKUs bear is taken from the amounts without a SKU.
  SELECT
    seller_id, local_month, CAST(NULL AS STRING), currency, CAST(NULL AS STRING), 'account_fees', -amount, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),
    reporting_currency, -reporting_amount
  FROM allocations
),
sums AS (
  SELECT
    seller_id, local_month, marketplace_name, currency, sku,
    CAST(COALESCE(SUM(units_sold), 0) AS BIGINT) AS units_sold,
    CAST(COALESCE(SUM(units_refunded), 0) AS BIGINT) AS units_refunded,
    SUM(CASE WHEN kind = 'sales' THEN amount ELSE 0 END) AS sales,
    SUM(CASE WHEN kind = 'shipping' THEN amount ELSE 0 END) AS shipping,
    SUM(CASE WHEN kind = 'promotions' THEN amount ELSE 0 END) AS promotions,
    SUM(CASE WHEN kind = 'refunds' THEN amount ELSE 0 END) AS refunds,
    SUM(CASE WHEN kind = 'fees' THEN amount ELSE 0 END) AS fees,
    SUM(CASE WHEN kind = 'account_fees' THEN amount ELSE 0 END) AS account_fees,
    SUM(CASE WHEN kind = 'advertising' THEN amount ELSE 0 END) AS advertising,
    SUM(CASE WHEN kind = 'reimbursements' THEN amount ELSE 0 END) AS reimbursements,
    SUM(CASE WHEN kind = 'other' THEN amount ELSE 0 END) AS other,
    SUM(CASE WHEN kind NOT IN ('tax', 'transfers') THEN amount ELSE 0 END) AS profit_before_costs,
    SUM(CASE WHEN kind = 'tax' THEN amount ELSE 0 END) AS tax,
    SUM(CASE WHEN kind = 'transfers' THEN amount ELSE 0 END) AS transfers,
    SUM(amount) AS settled,
    MAX(reporting_currency) AS reporting_currency,
    CASE
      WHEN SUM(CASE WHEN kind NOT IN ('tax', 'transfers') AND reporting_amount IS NULL THEN 1 ELSE 0 END) = 0
      THEN SUM(CASE WHEN kind NOT IN ('tax', 'transfers') THEN reporting_amount ELSE 0 END)
    END AS reporting_profit_before_costs
  FROM entries
  GROUP BY seller_id, local_month, marketplace_name, currency, sku
),
costs AS (
  SELECT
    seller_id, SUBSTR(CAST(posted_on_local AS STRING), 1, 7) AS local_month, marketplace_name, currency, sku,
    SUM(units) AS units_with_cost,
    SUM(cost) AS cost,
    CASE WHEN COUNT(*) = COUNT(reporting_cost) THEN SUM(reporting_cost) END AS reporting_cost
  FROM cost_of_goods
  WHERE problem IS NULL
  GROUP BY seller_id, SUBSTR(CAST(posted_on_local AS STRING), 1, 7), marketplace_name, currency, sku
),
joined AS (
  SELECT
    sums.*,
    CASE WHEN units_sold = 0 THEN 0 WHEN units_sold = units_with_cost THEN cost END AS cost_of_goods,
    CASE WHEN units_sold = 0 THEN 0 WHEN units_sold = units_with_cost THEN reporting_cost END AS reporting_cost
  FROM sums
  LEFT JOIN costs
    ON costs.seller_id = sums.seller_id AND costs.local_month = sums.local_month AND costs.currency = sums.currency AND costs.sku = sums.sku
    AND COALESCE(costs.marketplace_name, '') = COALESCE(sums.marketplace_name, '')
)
SELECT
  seller_id,
  local_month,
  marketplace_name,
  currency,
  sku,
  units_sold,
  units_refunded,
  sales,
  shipping,
  promotions,
  refunds,
  fees,
  account_fees,
  advertising,
  reimbursements,
  other,
  profit_before_costs,
  cost_of_goods,
  profit_before_costs + cost_of_goods AS profit,
  tax,
  transfers,
  settled,
  reporting_currency,
  reporting_profit_before_costs,
  reporting_profit_before_costs + reporting_cost AS reporting_profit
FROM joined
