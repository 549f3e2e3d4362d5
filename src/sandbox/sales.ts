import type { Product } from './catalogue-of-goods.js';
import { orderId, type Plan } from './layout.js';

/** An order item that Amazon shipped. */
export interface Sale {
  orderId: string;
  product: Product;
  quantity: number;
  purchasedAt: Date;
}

/**
 * Returns a function that picks a random sale among the plan's orders up to its end; generated ones
 * if the plan has no orders.
 */
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

/** Returns a time at which a report from `from` to `to` can include a sale. */
export function timeAfter({ purchasedAt }: Sale, { random, from, to }: Plan): Date {
  return random.time(purchasedAt > from ? purchasedAt : from, to);
}
