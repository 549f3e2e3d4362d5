import type { Random } from './random.js';

/** A product of the simulated seller. */
export interface Product {
  sku: string;
  asin: string;
  fnsku: string;
  /** In English, with inch marks and commas, like real names. */
  title: string;
  /** In hundredths of the currency. */
  priceCents: number;
}

/** A marketplace of the simulated seller. */
export interface Market {
  marketplaceId: string;
  country: string;
  currency: string;
  channel: string;
  /** Its time zone, an IANA name. */
  timeZone: string;
  warehouses: readonly string[];
  cities: readonly [city: string, state: string, postalCode: string][];
  titles: readonly string[];
}

export const usMarket: Market = {
  marketplaceId: 'ATVPDKIKX0DER',
  country: 'US',
  currency: 'USD',
  channel: 'Amazon.com',
  timeZone: 'America/Los_Angeles',
  warehouses: ['LBA4', 'ONT8', 'PHX7', 'ABE2'],
  cities: [
    ['SPRINGFIELD', 'IL', '62701'],
    ['Portland', 'OR', '97201'],
    ['BOSTON', 'MA', '02108'],
    ['Austin', 'TX', '78701'],
  ],
  titles: [
    'Cast Iron Skillet, 10" Pre-Seasoned',
    'Monitor Stand 24" - 27", Adjustable',
    'Stainless Steel Water Bottle 32 oz',
    'LED Desk Lamp, Dimmable, USB-C',
    'Yoga Mat 1/4" Thick, Non Slip',
    'Bamboo Cutting Board (3-Piece Set)',
    'Wireless Mouse, Silent Click',
    '"The Little Garden" Seed Kit',
  ],
};

export const ukMarket: Market = {
  marketplaceId: 'A1F83G8C2ARO7P',
  country: 'UK',
  currency: 'GBP',
  channel: 'Amazon.co.uk',
  timeZone: 'Europe/London',
  warehouses: ['LTN4', 'BHX4', 'EDI4', 'MAN1'],
  cities: [
    ['LEEDS', 'West Yorkshire', 'LS1 4AP'],
    ['Cardiff', '', 'CF10 1EP'],
  ],
  titles: [
    'Café Crème Mug – 350 ml',
    'Crêpe Pan Ø 28 cm',
    'Lamp, £20 voucher included',
    'Jalapeño Grow Kit – “Hot”',
  ],
};

export const germanMarket: Market = {
  marketplaceId: 'A1PA6795UKMFR9',
  country: 'DE',
  currency: 'EUR',
  channel: 'Amazon.de',
  timeZone: 'Europe/Berlin',
  warehouses: ['LEJ1', 'DTM2', 'HAM2', 'MUC3'],
  cities: [
    ['Köln', 'NRW', '50667'],
    ['München', 'Bayern', '80331'],
  ],
  titles: ['Küchenmesser, Größe 20 cm', 'Türstopper „Bär“', 'Gießkanne 1,5 l', 'Wäscheständer, ausziehbar'],
};

export const japaneseMarket: Market = {
  marketplaceId: 'A1VC38T7YXB528',
  country: 'JP',
  currency: 'JPY',
  channel: 'Amazon.co.jp',
  timeZone: 'Asia/Tokyo',
  warehouses: ['NRT1', 'HND6', 'KIX2', 'TPF3'],
  cities: [['東京都', '港区', '105-0011']],
  titles: ['ステンレス水筒 500ml', '木製まな板 ①', 'ヨガマット 6mm 髙品質', '卓上ライト～調光～'],
};

/**
 * Generates the given number of products. Like real ones, some SKUs have leading zeros or look like
 * numbers.
 */
export function makeProducts(market: Market, count: number, random: Random): Product[] {
  return Array.from({ length: count }, (_, index) => ({
    sku:
      index % 3 === 0
        ? `00${random.digits(5)}`
        : `${market.country}-${random.letters(3)}-${random.digits(3)}`,
    asin: `B0${random.letters(8)}`,
    fnsku: `X00${random.letters(7)}`,
    title: market.titles[index % market.titles.length] ?? '',
    priceCents: random.integer(499, 8999),
  }));
}
