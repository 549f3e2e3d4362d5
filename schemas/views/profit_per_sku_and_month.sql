-- What each SKU earned in each month, with its share of the fees per account and the cost of goods.
--
-- Tables: settlement_sums, fee_allocations, cost_of_goods?, customer_returns?, exchange_rates?
-- Columns:
--   seller_id: The seller.
--   local_month: Month in which the amounts were posted, in the time zone of the marketplace, such as 2026-06.
--   marketplace_name: Name of the marketplace, such as Amazon.de; NULL if an amount belongs to no marketplace.
--   currency: Currency of the amounts.
--   sku: The seller's SKU; NULL for amounts that belong to no SKU.
--   units_sold: Ordered units; refunded units are not subtracted.
--   units_refunded: Refunded units, as far as the settlements state them.
--   units_restocked: Units that came back and can be sold again, as far as `cost_of_goods` credits them; NULL if no returns of the seller are loaded, or without costs.
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
--   cost_of_goods: What the sold units cost the seller, as a negative amount, less the cost of `units_restocked`; NULL if the cost of a unit is missing (see
--     missing_costs).
--   profit: `profit_before_costs` and `cost_of_goods`; NULL if a cost is missing.
--   tax: Tax that buyers paid, less what Amazon withheld and itself pays to the tax authorities.
--   transfers: Reserves that Amazon withheld or released, and payments between the seller and Amazon. Not income.
--   settled: Sum of `profit_before_costs`, `tax` and `transfers`. Over all rows of a seller and currency it adds up to the totals of the settlements.
--   reporting_currency: The reporting currency; NULL without exchange rates.
--   reporting_profit_before_costs: `profit_before_costs` in the reporting currency; NULL if a rate is missing (see missing_rates).
--   reporting_profit: `profit` in the reporting currency; NULL if a rate or a cost is missing.
-- Caveats: The cost of goods counts when a unit is sold, and is credited when it comes back to Amazon and can be sold again. What storage, long-term storage and removals
--   cost per SKU follows from the detail reports (fee_allocations); account_fees shows what they do not explain. Amounts are converted by the rate of their day.
--   SUM(profit) skips rows whose profit is NULL: CASE WHEN COUNT(*) = COUNT(profit) THEN SUM(profit) END is NULL if a cost is missing.
WITH reporting AS (
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
    seller_id, local_month, CASE WHEN allocated_fee IS NULL THEN marketplace_name END AS marketplace_name, currency, sku,
    units_sold, units_refunded, sales, shipping, promotions, refunds,
    CASE WHEN sku IS NOT NULL THEN fees ELSE 0 END AS fees,
    CASE WHEN sku IS NULL THEN fees ELSE 0 END AS account_fees,
    advertising, reimbursements, other, profit, tax, transfers, settled,
    reporting_currency, reporting_profit, unconverted
  FROM settlement_sums
  UNION ALL
  SELECT
    seller_id, local_month, marketplace_name, currency, sku,
    0, 0, 0, 0, 0, 0, 0, amount, 0, 0, 0, amount, 0, 0, amount,
    reporting_currency, COALESCE(reporting_amount, 0), CASE WHEN reporting_amount IS NULL THEN 1 ELSE 0 END
  FROM allocations
  UNION ALL
  -- What the SKUs bear is taken from the amounts without a SKU.
  SELECT
    seller_id, local_month, CAST(NULL AS STRING), currency, CAST(NULL AS STRING),
    0, 0, 0, 0, 0, 0, 0, -amount, 0, 0, 0, -amount, 0, 0, -amount,
    reporting_currency, -COALESCE(reporting_amount, 0), CASE WHEN reporting_amount IS NULL THEN 1 ELSE 0 END
  FROM allocations
  UNION ALL
  -- A return may be the only thing that happened to a SKU in a month.
  SELECT
    seller_id, SUBSTR(CAST(posted_on_local AS STRING), 1, 7), marketplace_name, currency, sku,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    reporting_currency, 0, CASE WHEN reporting_currency IS NULL THEN 1 ELSE 0 END
  FROM cost_of_goods
  WHERE event = 'return' AND currency IS NOT NULL
),
sums AS (
  SELECT
    seller_id, local_month, marketplace_name, currency, sku,
    CAST(SUM(units_sold) AS BIGINT) AS units_sold,
    CAST(SUM(units_refunded) AS BIGINT) AS units_refunded,
    SUM(sales) AS sales,
    SUM(shipping) AS shipping,
    SUM(promotions) AS promotions,
    SUM(refunds) AS refunds,
    SUM(fees) AS fees,
    SUM(account_fees) AS account_fees,
    SUM(advertising) AS advertising,
    SUM(reimbursements) AS reimbursements,
    SUM(other) AS other,
    SUM(profit) AS profit_before_costs,
    SUM(tax) AS tax,
    SUM(transfers) AS transfers,
    SUM(settled) AS settled,
    MAX(reporting_currency) AS reporting_currency,
    CASE WHEN SUM(unconverted) = 0 THEN SUM(reporting_profit) END AS reporting_profit_before_costs
  FROM entries
  GROUP BY seller_id, local_month, marketplace_name, currency, sku
),
costs AS (
  SELECT
    seller_id, SUBSTR(CAST(posted_on_local AS STRING), 1, 7) AS local_month, marketplace_name, currency, sku,
    SUM(CASE WHEN event = 'sale' AND problem IS NULL THEN units ELSE 0 END) AS units_with_cost,
    SUM(CASE WHEN event = 'return' THEN -units ELSE 0 END) AS units_restocked,
    CASE WHEN COUNT(*) = COUNT(cost) THEN SUM(cost) END AS cost,
    CASE WHEN COUNT(*) = COUNT(reporting_cost) THEN SUM(reporting_cost) END AS reporting_cost
  FROM cost_of_goods
  WHERE currency IS NOT NULL
  GROUP BY seller_id, SUBSTR(CAST(posted_on_local AS STRING), 1, 7), marketplace_name, currency, sku
),
joined AS (
  SELECT
    sums.*,
    CASE WHEN units_with_cost IS NULL AND units_sold = 0 THEN 0 WHEN units_sold = units_with_cost THEN cost END AS cost_of_goods,
    CASE WHEN units_with_cost IS NULL AND units_sold = 0 THEN 0 WHEN units_sold = units_with_cost THEN reporting_cost END AS reporting_cost,
    CASE WHEN with_returns.seller_id IS NOT NULL THEN CAST(COALESCE(units_restocked, 0) AS BIGINT) END AS units_restocked
  FROM sums
  LEFT JOIN costs
    ON costs.seller_id = sums.seller_id AND costs.local_month = sums.local_month AND costs.currency = sums.currency AND costs.sku = sums.sku
    AND COALESCE(costs.marketplace_name, '') = COALESCE(sums.marketplace_name, '')
  LEFT JOIN (SELECT DISTINCT _seller_id AS seller_id FROM customer_returns) AS with_returns ON with_returns.seller_id = sums.seller_id
)
SELECT
  seller_id,
  local_month,
  marketplace_name,
  currency,
  sku,
  units_sold,
  units_refunded,
  CASE WHEN cost_of_goods IS NOT NULL THEN units_restocked END AS units_restocked,
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
