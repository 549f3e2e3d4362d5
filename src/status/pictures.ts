/** A question whose answer the page draws. */
export interface Picture {
  name: 'sold' | 'profit' | 'owed' | 'supply';
  /** The views that it needs. */
  views: string[];
  /** A SELECT that every warehouse understands. */
  sql: string;
}

/** The pictures of the page, each once: the first one of a name whose views exist. */
export const pictures: Picture[] = [
  {
    name: 'sold',
    views: ['orders_per_day'],
    sql: `-- What was sold on each of the last 30 days.
SELECT order_date, currency, SUM(orders) AS orders, SUM(units) AS units, SUM(item_sales) AS sales
FROM orders_per_day
WHERE order_date > (SELECT MAX(order_date) FROM orders_per_day) - 30
GROUP BY order_date, currency
ORDER BY order_date, currency`,
  },
  {
    name: 'profit',
    views: ['profit_per_sku_and_month'],
    sql: `-- The SKUs that earned the most, and those that lost the most, after Amazon's fees and the
-- cost of goods; before the cost of goods if there are no costs at all.
WITH skus AS (
  SELECT
    seller_id, currency, sku, SUM(profit_before_costs) AS before_costs,
    CASE WHEN COUNT(*) = COUNT(profit) THEN SUM(profit) END AS after_costs,
    MAX(CASE WHEN cost_of_goods <> 0 THEN 1 ELSE 0 END) AS has_cost
  FROM profit_per_sku_and_month
  WHERE sku IS NOT NULL
  GROUP BY seller_id, currency, sku
),
known AS (
  SELECT MAX(has_cost) AS has_costs FROM skus
),
shown AS (
  SELECT seller_id, currency, sku, has_costs, CASE WHEN has_costs = 1 THEN after_costs ELSE before_costs END AS profit
  FROM skus
  CROSS JOIN known
),
ranked AS (
  SELECT
    seller_id, currency, sku, profit, has_costs,
    SUM(CASE WHEN profit IS NULL THEN 1 ELSE 0 END) OVER (PARTITION BY currency) AS skus_without_cost,
    ROW_NUMBER() OVER (PARTITION BY currency ORDER BY profit DESC NULLS LAST, sku) AS best,
    ROW_NUMBER() OVER (PARTITION BY currency ORDER BY profit NULLS LAST, sku) AS worst
  FROM shown
)
SELECT currency, sku, seller_id, profit, has_costs, skus_without_cost
FROM ranked
WHERE best = 1 OR (best <= 6 AND profit IS NOT NULL) OR (worst <= 4 AND profit < 0)
ORDER BY currency, profit DESC NULLS LAST, sku`,
  },
  {
    name: 'owed',
    views: ['reimbursements_owed'],
    sql: `-- What Amazon lost or damaged and has not reimbursed.
SELECT currency, sku, cause, seller_id, units_owed, estimate, last_event
FROM reimbursements_owed
ORDER BY estimate DESC NULLS LAST, units_owed DESC, sku, cause`,
  },
  {
    name: 'supply',
    views: ['stock_ageing', 'stock_on_hand'],
    sql: `-- How many days the stock lasts, at the pace of the last 90 days.
SELECT
  ageing.sku, ageing.marketplace, ageing.seller_id, ageing.snapshot_date, ageing.available,
  ageing.units_shipped_90_days, onway.inbound,
  ageing.available * 90.0 / ageing.units_shipped_90_days AS days_left
FROM stock_ageing AS ageing
LEFT JOIN (
  SELECT seller_id, sku, MAX(inbound) AS inbound FROM stock_on_hand GROUP BY seller_id, sku
) AS onway ON onway.seller_id = ageing.seller_id AND onway.sku = ageing.sku
WHERE ageing.units_shipped_90_days > 0
ORDER BY days_left, ageing.sku, ageing.marketplace, ageing.seller_id
LIMIT 12`,
  },
  {
    name: 'supply',
    views: ['stock_ageing'],
    sql: `-- How many days the stock lasts, at the pace of the last 90 days.
SELECT
  sku, marketplace, seller_id, snapshot_date, available, units_shipped_90_days,
  available * 90.0 / units_shipped_90_days AS days_left
FROM stock_ageing
WHERE units_shipped_90_days > 0
ORDER BY days_left, sku, marketplace, seller_id
LIMIT 12`,
  },
];
