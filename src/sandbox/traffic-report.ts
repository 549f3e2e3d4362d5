import type { Product } from './catalogue-of-goods.js';
import { type Cells, dayMs, type Plan } from './layout.js';
import { boughtItems } from './order-layouts.js';

/**
 * Generates sales and traffic by day and item in Amazon's JSON. Sales are those of the plan's
 * orders, visits are invented.
 */
export function trafficReport(plan: Plan): object {
  const { market, from, to, random } = plan;
  const day = (time: Date) => time.toISOString().slice(0, 10);
  const days = Array.from(
    { length: Math.max(1, Math.ceil((to.getTime() - from.getTime()) / dayMs)) },
    (_, index) => day(new Date(from.getTime() + index * dayMs)),
  );
  const items = [...boughtItems(plan)].filter((item) => item['order-status'] !== 'Cancelled');
  const products = plan.products.slice(0, plan.rows);
  return {
    reportSpecification: {
      reportType: 'GET_SALES_AND_TRAFFIC_REPORT',
      reportOptions: { dateGranularity: 'DAY', asinGranularity: 'CHILD' },
      dataStartTime: days[0],
      dataEndTime: days.at(-1),
      marketplaceIds: [market.marketplaceId],
    },
    salesAndTrafficByDate: days.map((date) => {
      const sales = salesOfItems(
        items.filter((item) => String(item['purchase-date']).startsWith(date)),
        market.currency,
      );
      return { date, salesByDate: sales, trafficByDate: trafficFor(sales, random) };
    }),
    salesAndTrafficByAsin: products.map(({ asin, sku }: Product) => {
      const sales = salesOfItems(
        items.filter((item) => item.sku === sku),
        market.currency,
      );
      return {
        parentAsin: asin,
        childAsin: asin,
        salesByAsin: sales,
        trafficByAsin: trafficFor(sales, random),
      };
    }),
  };
}

interface Sales {
  unitsOrdered: number;
  orderedProductSales: { amount: number; currencyCode: string };
  totalOrderItems: number;
}

function salesOfItems(items: readonly Cells[], currencyCode: string): Sales {
  const sum = (column: string) => items.reduce((total, item) => total + Number(item[column] ?? 0), 0);
  return {
    unitsOrdered: sum('quantity'),
    orderedProductSales: { amount: Number(sum('item-price').toFixed(2)), currencyCode },
    totalOrderItems: items.length,
  };
}

/** Returns four to twelve visits per order, and some visits without an order. */
function trafficFor({ totalOrderItems, unitsOrdered }: Sales, random: Plan['random']): object {
  const sessions = totalOrderItems * random.integer(4, 12) + random.integer(0, 20);
  return {
    sessions,
    pageViews: Math.round((sessions * random.integer(110, 170)) / 100),
    buyBoxPercentage: random.integer(8500, 10_000) / 100,
    unitSessionPercentage: sessions === 0 ? 0 : Number(((unitsOrdered / sessions) * 100).toFixed(2)),
  };
}
