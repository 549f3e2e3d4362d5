import { dayMs, eachRow, headerOf, isoTime, type Layout, money, usDate } from './layout.js';
import { listingsLayout } from './listings-layout.js';
import { planningLayout } from './planning-layout.js';

/**
 * Layouts of the reports of listings and stock: the products in turn, day by day if it has days.
 */
export const inventoryLayouts: Record<string, Layout> = {
  GET_MERCHANT_LISTINGS_ALL_DATA: listingsLayout,

  GET_FBA_INVENTORY_PLANNING_DATA: planningLayout,

  GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA: {
    header: headerOf(
      'sku|fnsku|asin|product-name|condition|your-price|mfn-listing-exists|mfn-fulfillable-quantity|afn-listing-exists|afn-warehouse-quantity|afn-fulfillable-quantity|afn-unsellable-quantity|afn-reserved-quantity|afn-total-quantity|per-unit-volume|afn-inbound-working-quantity|afn-inbound-shipped-quantity|afn-inbound-receiving-quantity|afn-researching-quantity|afn-reserved-future-supply|afn-future-supply-buyable',
    ),
    rows: eachRow('in turn', ({ market, random }, product) => {
      const fulfillable = random.integer(0, 400);
      const reserved = random.integer(0, 30);
      return {
        sku: product.sku,
        fnsku: product.fnsku,
        asin: product.asin,
        'product-name': product.title,
        condition: 'New',
        'your-price': money(market, product.priceCents),
        'mfn-listing-exists': 'No',
        'afn-listing-exists': 'Yes',
        'afn-warehouse-quantity': fulfillable + reserved,
        'afn-fulfillable-quantity': fulfillable,
        'afn-unsellable-quantity': 0,
        'afn-reserved-quantity': reserved,
        'afn-total-quantity': fulfillable + reserved,
        'per-unit-volume': (random.integer(1, 90) / 100).toFixed(2),
        'afn-inbound-working-quantity': 0,
        'afn-inbound-shipped-quantity': random.integer(0, 50),
        'afn-inbound-receiving-quantity': 0,
        'afn-researching-quantity': 0,
        'afn-reserved-future-supply': 0,
        'afn-future-supply-buyable': 0,
      };
    }),
  },

  GET_LEDGER_SUMMARY_VIEW_DATA: {
    quoted: true,
    header: headerOf(
      'Date|FNSKU|ASIN|MSKU|Title|Disposition|Starting Warehouse Balance|In Transit Between Warehouses|Receipts|Customer Shipments|Customer Returns|Vendor Returns|Warehouse Transfer In/Out|Found|Lost|Damaged|Disposed|Other Events|Ending Warehouse Balance|Unknown Events|Location',
    ),
    rows: eachRow('in turn', ({ market, random, from, products }, product, index) => {
      const start = random.integer(20, 400);
      const receipts = random.integer(0, 40);
      const shipments = random.integer(0, 20);
      const none = [
        'In Transit Between Warehouses',
        'Customer Returns',
        'Vendor Returns',
        'Warehouse Transfer In/Out',
        'Found',
        'Lost',
        'Damaged',
        'Disposed',
        'Other Events',
        'Unknown Events',
      ];
      return {
        ...Object.fromEntries(none.map((name) => [name, 0])),
        Date: usDate(new Date(from.getTime() + Math.floor(index / products.length) * dayMs)),
        FNSKU: product.fnsku,
        ASIN: product.asin,
        MSKU: product.sku,
        Title: product.title,
        Disposition: 'SELLABLE',
        'Starting Warehouse Balance': start,
        Receipts: receipts,
        'Customer Shipments': -shipments,
        'Ending Warehouse Balance': start + receipts - shipments,
        Location: market.country,
      };
    }),
  },

  GET_LEDGER_DETAIL_VIEW_DATA: {
    quoted: true,
    header: headerOf(
      'Date|FNSKU|ASIN|MSKU|Title|Event Type|Reference ID|Quantity|Fulfillment Center|Disposition|Reason|Country|Reconciled Quantity|Unreconciled Quantity|Date and Time',
    ),
    rows: eachRow('any', ({ market, random, from, to }, product) => {
      const time = random.time(from, to);
      const event = random.pick(ledgerEvents);
      const [reason, least, most] =
        event === 'Adjustments' ? random.pick(adjustments) : ['', ...moved[event]];
      const quantity = random.integer(least, most);
      return {
        Date: usDate(time),
        FNSKU: product.fnsku,
        ASIN: product.asin,
        MSKU: product.sku,
        Title: product.title,
        'Event Type': event,
        'Reference ID': event === 'Receipts' ? `FBA${random.letters(9)}` : '',
        Quantity: quantity,
        'Fulfillment Center': random.pick(market.warehouses),
        Disposition: 'SELLABLE',
        Reason: reason,
        Country: market.country,
        'Reconciled Quantity': quantity,
        'Unreconciled Quantity': 0,
        'Date and Time': isoTime(time),
      };
    }),
  },

  GET_FBA_RECOMMENDED_REMOVAL_DATA: {
    header: headerOf(
      'snapshot-date|sku|fnsku|asin|product-name|condition|sellable-quantity|sellable-271-365-days|sellable-365+-days|sellable-removal-quantity|unsellable-quantity|unsellable-0-7-days|unsellable-8-60-days|unsellable-61-90-days|sellable-121-180-days|sellable-181-270-days',
    ),
    rows: eachRow('in turn', ({ random, from }, product) => {
      const old = random.integer(0, 20);
      const unsellable = random.integer(0, 9);
      return {
        'snapshot-date': isoTime(from),
        sku: product.sku,
        fnsku: product.fnsku,
        asin: product.asin,
        'product-name': product.title,
        condition: 'NewItem',
        'sellable-quantity': old + random.integer(0, 90),
        'sellable-271-365-days': old,
        'sellable-365+-days': 0,
        'sellable-removal-quantity': old,
        'unsellable-quantity': unsellable,
        'unsellable-0-7-days': unsellable,
        'unsellable-8-60-days': 0,
        'unsellable-61-90-days': 0,
        'sellable-121-180-days': 0,
        'sellable-181-270-days': 0,
      };
    }),
  },
};

/** Events by frequency: shipments are the most frequent, lost and found units are rare. */
const ledgerEvents = [
  ...Array.from({ length: 7 }, () => 'Shipments' as const),
  'Receipts',
  'CustomerReturns',
  'Adjustments',
] as const;

/** The range of units of an event. */
const moved = { Shipments: [-1, -1], Receipts: [6, 24], CustomerReturns: [1, 1] } as const;

/** Amazon's reason codes for lost, damaged by Amazon, and found; more units are lost than found. */
const adjustments = [
  ['M', -3, -1],
  ['M', -2, -1],
  ['E', -2, -1],
  ['F', 1, 1],
] as const;
