import type { Market } from './catalogue-of-goods.js';
import { type Cells, dayMs, eachRow, headerOf, type Layout, money } from './layout.js';

/**
 * Layout of all listings: dates in the format of the marketplace, and the columns of Amazon
 * Business in the middle of the header.
 */
export const listingsLayout: Layout = {
  header: headerOf(
    'item-name|item-description|listing-id|seller-sku|price|quantity|open-date|image-url|item-is-marketplace|product-id-type|zshop-shipping-fee|item-note|item-condition|zshop-category1|zshop-browse-path|zshop-storefront-feature|asin1|asin2|asin3|will-ship-internationally|expedited-shipping|zshop-boldface|product-id|bid-for-featured-placement|add-delete|pending-quantity|fulfillment-channel|Business Price|Quantity Price Type|Quantity Lower Bound 1|Quantity Price 1|merchant-shipping-group|status',
  ),
  rows: eachRow('in turn', ({ market, random, from, products }, product, index) => {
    const opened = random.time(new Date(from.getTime() - 400 * dayMs), from);
    const byAmazon = random.chance(0.5);
    return {
      'item-name': product.title,
      'listing-id': `0${random.digits(3)}${random.letters(7)}`,
      'seller-sku': index < products.length ? product.sku : `${product.sku}-${index}`,
      price: money(market, product.priceCents),
      // Amazon counts units that it fulfils itself elsewhere.
      quantity: byAmazon ? '' : random.integer(0, 300),
      'open-date': localTime(opened, market),
      'item-is-marketplace': 'y',
      'product-id-type': 1,
      'item-condition': 11,
      asin1: product.asin,
      'will-ship-internationally': 1,
      'product-id': product.asin,
      'pending-quantity': 0,
      'fulfillment-channel': byAmazon ? 'AMAZON_NA' : 'DEFAULT',
      ...(market.country === 'DE' ? businessPrices(market, product.priceCents) : {}),
      'merchant-shipping-group': 'Migrated Template',
      status: random.pick(['Active', 'Inactive']),
    };
  }),
};

function businessPrices(market: Market, hundredths: number): Cells {
  return {
    'Business Price': money(market, Math.round(hundredths * 0.95)),
    'Quantity Price Type': 'fixed',
    'Quantity Lower Bound 1': 10,
    'Quantity Price 1': money(market, Math.round(hundredths * 0.9)),
  };
}

/** Formats a time in the time zone of the marketplace, named only by an abbreviation. */
function localTime(time: Date, { country, timeZone }: Market): string {
  const parts = new Map(
    clockOf(timeZone)
      .formatToParts(time)
      .map(({ type, value }) => [type, value]),
  );
  const [year, month, day] = ['year', 'month', 'day'].map((part) => parts.get(part as 'year'));
  const clock = `${parts.get('hour')}:${parts.get('minute')}:${parts.get('second')}`;
  const offsetHours = Number(/[+-]\d+/.exec(parts.get('timeZoneName') ?? '')?.[0] ?? 0);
  const zone = zoneNames[timeZone]?.[offsetHours] ?? 'UTC';
  if (country === 'UK') return `${day}/${month}/${year} ${clock} ${zone}`;
  const mark = country === 'JP' ? '/' : '-';
  return `${[year, month, day].join(mark)} ${clock} ${zone}`;
}

/** The abbreviations that reports use, by offset from UTC in hours. */
const zoneNames: Record<string, Record<number, string>> = {
  'America/Los_Angeles': { [-7]: 'PDT', [-8]: 'PST' },
  'Europe/London': { 0: 'GMT', 1: 'BST' },
  'Europe/Berlin': { 1: 'MEZ', 2: 'MESZ' },
  'Asia/Tokyo': { 9: 'JST' },
};

/** Cached, because creating a format is expensive. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known) return known;
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'shortOffset',
  });
  clocks.set(timeZone, clock);
  return clock;
}
