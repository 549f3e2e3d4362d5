import {
  germanMarket,
  japaneseMarket,
  type Market,
  makeProducts,
  type Product,
  ukMarket,
  usMarket,
} from './catalogue-of-goods.js';
import type { Cells } from './layout.js';
import { orderItems } from './order-layouts.js';
import { Random } from './random.js';

/** What a seller sells in one market, and to whom: all reports of the shop tell of the same products and orders. */
export interface Shop {
  market: Market;
  products: Product[];
  orderItems: Cells[];
}

export interface Shops {
  random: Random;
  /** The shop of a market. */
  of(market: Market): Shop;
  /** So many more items of orders, bought from `from` to `to`. */
  sell(market: Market, rows: number, from: Date, to: Date): Cells[];
}

/** Opens shops that have sold nothing yet; the same seed, the same shops. */
export function openShops(seed: number): Shops {
  const random = new Random(seed);
  const shops = new Map(
    [usMarket, ukMarket, germanMarket, japaneseMarket].map((market): [Market, Shop] => [
      market,
      { market, products: makeProducts(market, 12, random), orderItems: [] },
    ]),
  );
  const of = (market: Market): Shop => {
    const shop = shops.get(market);
    if (!shop) throw new Error(`no shop in ${market.country}`);
    return shop;
  };
  return {
    random,
    of,
    sell(market, rows, from, to) {
      const shop = of(market);
      const sold = [...orderItems({ ...shop, rows, from, to, random })];
      shop.orderItems.push(...sold);
      return sold;
    },
  };
}
