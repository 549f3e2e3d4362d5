import type { Product } from './catalogue-of-goods.js';
import { orderId, type Plan } from './layout.js';

/** An item of an order that Amazon shipped. */
export interface Sale {
  orderId: string;
  product: Product;
  quantity: number;
  purchasedAt: Date;
}

/** Gives sales for a report to tell of, any of those that the plan's orders have until its end; made-up ones where it has none. */
export function salesOf({ orderItems = [], products, random, from, to }: Plan): () => Sale {
  const bySku = new Map(products.map((product) => [product.sku, product]));
  const sales = orderItems.flatMap((item): Sale[] => {
    const product = bySku.get(String(item.sku));
    const purchasedAt = new Date(item['purchase-date'] ?? '');
    const isShipped = item['order-status'] === 'Shipped' && item['fulfillment-channel'] === 'Amazon';
    if (!product || !isShipped || !(purchasedAt < to)) return [];
    return [
      { orderId: String(item['amazon-order-id']), product, quantity: Number(item.quantity), purchasedAt },
    ];
  });
  return () =>
    sales.length > 0
      ? random.pick(sales)
      : {
          orderId: orderId(random),
          product: random.pick(products),
          quantity: random.pick([1, 1, 1, 2]),
          purchasedAt: from,
        };
}

/** A time at which a report from `from` to `to` can tell of a sale. */
export function timeAfter({ purchasedAt }: Sale, { random, from, to }: Plan): Date {
  return random.time(purchasedAt > from ? purchasedAt : from, to);
}
