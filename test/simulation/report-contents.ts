import type { Random } from '../../src/sandbox/random.js';
import { rowText } from './memory-warehouse/row-text.js';

/** A row as the document has it, and as its table must have it. */
export interface MadeRow {
  cells: Record<string, string>;
  /** Identifies the row in a table that has a key. */
  key: string;
  text: string;
  /** The text without personal data. */
  purgedText: string;
}

/** A report type of the simulated Amazon. */
export interface MadeType {
  reportType: string;
  table: string;
  mode: 'merge' | 'replace' | 'snapshot' | 'append';
  /** Whether it has marketplaces of its own, one for each report. */
  isOfMarketplace: boolean;
  /** The columns of its key; none without one. */
  keyNames: string[];
  makeRow(random: Random, serial: number): MadeRow;
}

type Column = [name: string, header: string, value: string, stored?: string];

/** The keys are few, so that reports meet the rows of others. */
const keys = 40;

function row(keyNames: string[], columns: Column[]): MadeRow {
  const stored = Object.fromEntries(columns.map(([name, , value, as]) => [name, as ?? value]));
  return {
    cells: Object.fromEntries(columns.map(([, header, value]) => [header, value])),
    key: JSON.stringify(keyNames.map((name) => stored[name] ?? null)),
    text: rowText(stored),
    purgedText: rowText({ ...stored, [personalColumn]: undefined }),
  };
}

const money = (random: Random): [value: string, stored: string] => {
  const cents = random.integer(1, 99_999);
  return [(cents / 100).toFixed(2), String(cents / 100)];
};

export const orders: MadeType = {
  reportType: 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL',
  table: 'orders_by_last_update',
  mode: 'merge',
  isOfMarketplace: false,
  keyNames: ['amazon_order_id', 'sku'],
  makeRow: (random, serial) =>
    row(orders.keyNames, [
      ['amazon_order_id', 'amazon-order-id', `111-${random.integer(0, keys)}`],
      ['purchase_date', 'purchase-date', '2026-10-01T10:00:00+00:00', '2026-10-01T10:00:00.000Z'],
      ['order_status', 'order-status', `${random.pick(['Pending', 'Shipped'])} ${serial}`],
      ['sku', 'sku', `sku-${random.integer(0, 2)}`],
      ['quantity', 'quantity', String(random.integer(0, 9))],
      ['currency', 'currency', 'USD'],
      ['item_price', 'item-price', ...money(random)],
    ]),
};

export const listings: MadeType = {
  reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA',
  table: 'listings',
  mode: 'snapshot',
  isOfMarketplace: true,
  keyNames: [],
  makeRow: (random, serial) =>
    row(listings.keyNames, [
      ['item_name', 'item-name', `Lamp no. ${serial}`],
      ['seller_sku', 'seller-sku', `sku-${random.integer(0, keys)}`],
      ['price', 'price', ...money(random)],
      ['quantity', 'quantity', String(random.integer(0, 99))],
    ]),
};

export const promotions: MadeType = {
  reportType: 'GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_PROMOTION_DATA',
  table: 'shipment_promotions',
  mode: 'replace',
  isOfMarketplace: false,
  keyNames: ['amazon_order_id', 'shipment_id', 'shipment_item_id'],
  makeRow: (random, serial) =>
    row(promotions.keyNames, [
      ['shipment_date', 'shipment-date', '2026-10-02T00:00:00+00:00', '2026-10-02T00:00:00.000Z'],
      ['currency', 'currency', 'USD'],
      ['item_promotion_discount', 'item-promotion-discount', ...money(random)],
      ['item_promotion_id', 'item-promotion-id', `promotion ${serial}`],
      ['amazon_order_id', 'amazon-order-id', `111-${random.integer(0, keys)}`],
      ['shipment_id', 'shipment-id', `S${random.integer(0, 1)}`],
      ['shipment_item_id', 'shipment-item-id', 'D1'],
    ]),
};

export const returns: MadeType = {
  reportType: 'GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA',
  table: 'customer_returns',
  mode: 'merge',
  isOfMarketplace: false,
  keyNames: ['order_id', 'sku', 'return_date', 'license_plate_number'],
  makeRow: (random, serial) =>
    row(returns.keyNames, [
      ['return_date', 'return-date', '2026-10-03T00:00:00+00:00', '2026-10-03T00:00:00.000Z'],
      ['order_id', 'order-id', `111-${random.integer(0, keys)}`],
      ['sku', 'sku', `sku-${random.integer(0, 2)}`],
      ['quantity', 'quantity', '1'],
      ['status', 'status', `Unit returned ${serial}`],
      ['license_plate_number', 'license-plate-number', `LPN${random.integer(0, 3)}`],
      [personalColumn, 'customer-comments', `the comment ${serial}`],
    ]),
};

/** The column of `returns` with personal data. */
export const personalColumn = 'customer_comments';

/** Those that Amazon makes by itself; `returns` are requested. */
export const automaticTypes = [orders, listings, promotions];

export const madeTypes = new Map([...automaticTypes, returns].map((type) => [type.reportType, type]));

/** The document with these rows. */
export function documentText({ makeRow }: MadeType, rows: MadeRow[], random: Random): string {
  const headers = Object.keys((rows[0] ?? makeRow(random, 0)).cells);
  const lines = rows.map(({ cells }) => headers.map((header) => cells[header]).join('\t'));
  return `${[headers.join('\t'), ...lines].join('\n')}\n`;
}
