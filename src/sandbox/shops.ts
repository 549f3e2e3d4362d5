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

/** The products and orders of a seller in one market, shared by all reports of the shop. */
export interface Shop {
  market: Market;
  products: Product[];
  orderItems: Cells[];
}

export interface Shops {
  random: Random;
  markets: Market[];
  /** Returns the shop of a market. */
  of(market: Market): Shop;
  /** Adds the given number of order items, bought between `from` and `to`. */
  sell(market: Market, rows: number, from: Date, to: Date): Cells[];
}

/** Opens shops without orders; the same seed results in the same shops. */
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
    markets: [...shops.keys()],
    of,
    sell(market, rows, from, to) {
      const shop = of(market);
      const sold = [...orderItems({ ...shop, rows, from, to, random })];
      shop.orderItems.push(...sold);
      return sold;
    },
  };
}
