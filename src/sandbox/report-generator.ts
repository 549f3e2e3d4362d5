import { type Market, makeProducts, type Product } from './catalogue-of-goods.js';
import type { Random } from './random.js';

/** What a made-up report is about. */
export interface ReportPlan {
  market: Market;
  rows: number;
  from: Date;
  to: Date;
  random: Random;
  /** Given where several reports tell of the same products. */
  products?: Product[];
}

interface Plan extends ReportPlan {
  products: Product[];
}

/** Header and rows of a report type, tab-delimited, as Amazon lays them out. */
interface Layout {
  header: string;
  row(plan: Plan, index: number): (string | number)[];
  /** Every cell is quoted, inner quotes are not doubled. */
  quoted?: boolean;
}

/** The report types that can be made. */
export function generatedTypes(): string[] {
  return [...Object.keys(layouts), settlementV2, settlementV1];
}

/** Makes the text of a report: the same plan and seed, the same text. No real person's data. */
export function generateReport(reportType: string, given: ReportPlan): string {
  const plan = { ...given, products: given.products ?? makeProducts(given.market, 12, given.random) };
  if (reportType === settlementV2) return settlementV2Text(plan);
  if (reportType === settlementV1) return settlementV1Text(plan);
  const layout = layouts[reportType];
  if (!layout) throw new Error(`no made-up ${reportType}`);
  const rows = Array.from({ length: plan.rows }, (_, index) => layout.row(plan, index));
  const line = (cells: (string | number)[]) =>
    cells.map((cell) => (layout.quoted ? `"${cell}"` : cell)).join('\t');
  return [line(layout.header.split('|')), ...rows.map(line), ''].join('\r\n');
}

const settlementV2 = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2';
const settlementV1 = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE';

const iso = (time: Date) => time.toISOString().replace('.000Z', '+00:00');
const money = (cents: number) => (cents / 100).toFixed(2);
const orderId = (random: Random) => `${random.digits(3)}-${random.digits(7)}-${random.digits(7)}`;

const orders: Layout = {
  header:
    'amazon-order-id|merchant-order-id|purchase-date|last-updated-date|order-status|fulfillment-channel|sales-channel|order-channel|ship-service-level|product-name|sku|asin|item-status|quantity|currency|item-price|item-tax|shipping-price|shipping-tax|gift-wrap-price|gift-wrap-tax|item-promotion-discount|ship-promotion-discount|ship-city|ship-state|ship-postal-code|ship-country|promotion-ids|is-business-order|purchase-order-number|price-designation',
  row({ market, random, from, to, products }) {
    const product = random.pick(products);
    const cancelled = random.chance(0.05);
    const quantity = cancelled ? 0 : random.integer(1, 3);
    const purchased = random.time(from, to);
    const [city, state, postalCode] = random.pick(market.cities);
    const cents = product.priceCents * quantity;
    const paid = (amount: number) => (cancelled ? '' : money(amount));
    return [
      orderId(random),
      '',
      iso(purchased),
      iso(random.time(purchased, to)),
      cancelled ? 'Cancelled' : random.pick(['Shipped', 'Shipped', 'Pending']),
      random.pick(['Amazon', 'Merchant']),
      market.channel,
      '',
      random.pick(['Standard', 'Expedited', 'SecondDay']),
      product.title,
      product.sku,
      product.asin,
      cancelled ? 'Cancelled' : 'Shipped',
      quantity,
      cancelled ? '' : market.currency,
      paid(cents),
      paid(Math.round(cents * 0.08)),
      paid(0),
      paid(0),
      '',
      '',
      random.chance(0.1) ? paid(Math.round(cents * 0.1)) : '',
      '',
      city,
      state,
      postalCode,
      market.country,
      '',
      random.chance(0.1),
      '',
      '',
    ].map(String);
  },
};

const layouts: Record<string, Layout> = {
  GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL: orders,
  GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL: orders,

  GET_MERCHANT_LISTINGS_ALL_DATA: {
    header:
      'item-name|item-description|listing-id|seller-sku|price|quantity|open-date|image-url|item-is-marketplace|product-id-type|zshop-shipping-fee|item-note|item-condition|zshop-category1|zshop-browse-path|zshop-storefront-feature|asin1|asin2|asin3|will-ship-internationally|expedited-shipping|zshop-boldface|product-id|bid-for-featured-placement|add-delete|pending-quantity|fulfillment-channel|merchant-shipping-group|status',
    row({ market, random, from, products }, index) {
      const product = products[index % products.length] as Product;
      const zone = { US: 'PDT', UK: 'BST', DE: 'MEST', JP: 'JST' }[market.country] ?? 'UTC';
      const opened = random.time(new Date(from.getTime() - 400 * 86_400_000), from).toISOString();
      const [year, month, day] = opened.slice(0, 10).split('-');
      const date =
        market.country === 'JP'
          ? `${year}/${month}/${day}`
          : market.country === 'UK'
            ? `${day}/${month}/${year}`
            : `${year}-${month}-${day}`;
      const price = market.currency === 'JPY' ? String(product.priceCents) : money(product.priceCents);
      const sku = index < products.length ? product.sku : `${product.sku}-${index}`;
      return [
        product.title,
        '',
        `0${random.digits(3)}${random.letters(7)}`,
        sku,
        price,
        random.integer(0, 300),
        `${date} ${opened.slice(11, 19)} ${zone === 'MEST' ? 'MESZ' : zone}`,
        '',
        'y',
        '1',
        '',
        '',
        '11',
        '',
        '',
        '',
        product.asin,
        '',
        '',
        '1',
        '',
        '',
        product.asin,
        '',
        '',
        '0',
        random.pick(['DEFAULT', 'AMAZON_NA']),
        'Migrated Template',
        random.pick(['Active', 'Inactive']),
      ].map(String);
    },
  },

  GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA: {
    header:
      'sku|fnsku|asin|product-name|condition|your-price|mfn-listing-exists|mfn-fulfillable-quantity|afn-listing-exists|afn-warehouse-quantity|afn-fulfillable-quantity|afn-unsellable-quantity|afn-reserved-quantity|afn-total-quantity|per-unit-volume|afn-inbound-working-quantity|afn-inbound-shipped-quantity|afn-inbound-receiving-quantity|afn-researching-quantity|afn-reserved-future-supply|afn-future-supply-buyable',
    row({ random, products }, index) {
      const product = products[index % products.length] as Product;
      const fulfillable = random.integer(0, 400);
      const reserved = random.integer(0, 30);
      return [
        product.sku,
        product.fnsku,
        product.asin,
        product.title,
        'New',
        money(product.priceCents),
        'No',
        '',
        'Yes',
        fulfillable + reserved,
        fulfillable,
        0,
        reserved,
        fulfillable + reserved,
        (random.integer(1, 90) / 100).toFixed(2),
        0,
        random.integer(0, 50),
        0,
        0,
        0,
        0,
      ];
    },
  },

  GET_LEDGER_SUMMARY_VIEW_DATA: {
    quoted: true,
    header:
      'Date|FNSKU|ASIN|MSKU|Title|Disposition|Starting Warehouse Balance|In Transit Between Warehouses|Receipts|Customer Shipments|Customer Returns|Vendor Returns|Warehouse Transfer In/Out|Found|Lost|Damaged|Disposed|Other Events|Ending Warehouse Balance|Unknown Events|Location',
    row({ market, random, from, products }, index) {
      const product = products[index % products.length] as Product;
      const day = new Date(from.getTime() + Math.floor(index / products.length) * 86_400_000)
        .toISOString()
        .slice(0, 10);
      const [year, month, date] = day.split('-');
      const start = random.integer(20, 400);
      const receipts = random.integer(0, 40);
      const shipments = random.integer(0, 20);
      return [
        `${month}/${date}/${year}`,
        product.fnsku,
        product.asin,
        product.sku,
        product.title,
        'SELLABLE',
        start,
        0,
        receipts,
        -shipments,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        start + receipts - shipments,
        0,
        market.country,
      ];
    },
  },

  GET_LEDGER_DETAIL_VIEW_DATA: {
    quoted: true,
    header:
      'Date|FNSKU|ASIN|MSKU|Title|Event Type|Reference ID|Quantity|Fulfillment Center|Disposition|Reason|Country|Reconciled Quantity|Unreconciled Quantity|Date and Time',
    row({ market, random, from, to, products }) {
      const product = random.pick(products);
      const time = random.time(from, to);
      const [year, month, day] = time.toISOString().slice(0, 10).split('-');
      const event = random.pick(['Receipts', 'Shipments', 'Adjustments', 'CustomerReturns']);
      const quantity = event === 'Shipments' ? -1 : random.integer(1, 24);
      return [
        `${month}/${day}/${year}`,
        product.fnsku,
        product.asin,
        product.sku,
        product.title,
        event,
        event === 'Receipts' ? `FBA${random.letters(9)}` : '',
        quantity,
        random.pick(['LBA4', 'ONT8', 'PHX7']),
        'SELLABLE',
        event === 'Adjustments' ? 'Q' : '',
        market.country,
        quantity,
        0,
        iso(time),
      ];
    },
  },

  GET_FBA_REIMBURSEMENTS_DATA: {
    header:
      'approval-date|reimbursement-id|case-id|amazon-order-id|reason|sku|fnsku|asin|product-name|condition|currency-unit|amount-per-unit|amount-total|quantity-reimbursed-cash|quantity-reimbursed-inventory|quantity-reimbursed-total|original-reimbursement-id|original-reimbursement-type',
    row({ market, random, from, to, products }) {
      const product = random.pick(products);
      const quantity = random.integer(1, 4);
      return [
        iso(random.time(from, to)),
        `8${random.digits(9)}`,
        '',
        random.chance(0.5) ? orderId(random) : '',
        random.pick(['Lost_Warehouse', 'Damaged_Warehouse', 'CustomerReturn']),
        product.sku,
        product.fnsku,
        product.asin,
        product.title,
        'Sellable',
        market.currency,
        money(product.priceCents),
        money(product.priceCents * quantity),
        quantity,
        0,
        quantity,
        '',
        '',
      ];
    },
  },

  GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA: {
    header:
      'return-date|order-id|sku|asin|fnsku|product-name|quantity|fulfillment-center-id|detailed-disposition|reason|status|license-plate-number|customer-comments',
    row({ random, from, to, products }) {
      const product = random.pick(products);
      return [
        iso(random.time(from, to)),
        orderId(random),
        product.sku,
        product.asin,
        product.fnsku,
        product.title,
        1,
        random.pick(['LBA4', 'ONT8']),
        random.pick(['SELLABLE', 'CUSTOMER_DAMAGED']),
        random.pick(['UNWANTED_ITEM', 'DEFECTIVE', 'NOT_AS_DESCRIBED']),
        'Unit returned to inventory',
        `LPN${random.letters(9)}`,
        random.chance(0.3) ? 'Said 12", is 11" - "too small"' : '',
      ];
    },
  },

  GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL: {
    header:
      'amazon-order-id|merchant-order-id|shipment-id|shipment-item-id|amazon-order-item-id|merchant-order-item-id|purchase-date|payments-date|shipment-date|reporting-date|sku|product-name|quantity-shipped|currency|item-price|item-tax|shipping-price|shipping-tax|ship-service-level|ship-city|ship-state|ship-postal-code|ship-country|item-promotion-discount|ship-promotion-discount|carrier|tracking-number|estimated-arrival-date|fulfillment-center-id|fulfillment-channel|sales-channel',
    row({ market, random, from, to, products }) {
      const product = random.pick(products);
      const shipped = random.time(from, to);
      const bought = iso(new Date(shipped.getTime() - 86_400_000));
      const [city, state, postalCode] = random.pick(market.cities);
      const quantity = random.integer(1, 3);
      return [
        orderId(random),
        '',
        `D${random.letters(8)}`,
        `D${random.letters(12)}`,
        random.digits(14),
        '',
        bought,
        bought,
        iso(shipped),
        iso(shipped),
        product.sku,
        product.title,
        quantity,
        market.currency,
        money(product.priceCents * quantity),
        '0.00',
        '0.00',
        '0.00',
        'Standard',
        city,
        state,
        postalCode,
        market.country,
        '0.00',
        '0.00',
        'AMZN_US',
        `TBA${random.digits(12)}`,
        iso(new Date(shipped.getTime() + 2 * 86_400_000)),
        random.pick(['LBA4', 'ONT8']),
        'AFN',
        market.channel.toLowerCase(),
      ];
    },
  },

  GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING: {
    header:
      'order-id|order-item-id|purchase-date|payments-date|buyer-email|buyer-name|buyer-phone-number|sku|product-name|quantity-purchased|currency|item-price|item-tax|shipping-price|shipping-tax|ship-service-level|recipient-name|ship-address-1|ship-address-2|ship-address-3|ship-city|ship-state|ship-postal-code|ship-country|ship-phone-number|delivery-Instructions|sales-channel',
    row({ market, random, from, to, products }, index) {
      const product = random.pick(products);
      const bought = iso(random.time(from, to));
      const [city, state, postalCode] = random.pick(market.cities);
      return [
        orderId(random),
        random.digits(14),
        bought,
        bought,
        `buyer${index}@example.com`,
        `Sample Buyer ${index}`,
        '',
        product.sku,
        product.title,
        1,
        market.currency,
        money(product.priceCents),
        '0.00',
        '0.00',
        '0.00',
        'Standard',
        `Sample Buyer ${index}`,
        `${index} Example Street`,
        '',
        '',
        city,
        state,
        postalCode,
        market.country,
        '',
        '',
        market.channel,
      ];
    },
  },

  GET_FBA_STORAGE_FEE_CHARGES_DATA: {
    header:
      'asin|fnsku|product_name|fulfillment_center|country_code|longest_side|median_side|shortest_side|measurement_units|weight|weight_units|item_volume|volume_units|product_size_tier|average_quantity_on_hand|average_quantity_pending_removal|estimated_total_item_volume|month_of_charge|storage_rate|currency|estimated_monthly_storage_fee|dangerous_goods_storage_type|eligible_for_inventory_discount|qualifies_for_inventory_discount|total_incentive_fee_amount',
    row({ market, random, from, products }, index) {
      const product = products[index % products.length] as Product;
      const volume = random.integer(5, 900) / 1000;
      const onHand = random.integer(0, 400) / 4;
      return [
        product.asin,
        product.fnsku,
        product.title,
        random.pick(['LBA4', 'ONT8']),
        market.country,
        '10.20',
        '8.00',
        '3.50',
        'inches',
        (random.integer(1, 90) / 10).toFixed(2),
        'pounds',
        volume.toFixed(4),
        'cubic feet',
        'LargeStandardSize',
        onHand.toFixed(2),
        '0.00',
        (volume * onHand).toFixed(4),
        from.toISOString().slice(0, 7),
        '0.78',
        market.currency,
        random.chance(0.1) ? '--' : (volume * onHand * 0.78).toFixed(4),
        '--',
        'No',
        'No',
        '--',
      ];
    },
  },

  GET_FBA_RECOMMENDED_REMOVAL_DATA: {
    header:
      'snapshot-date|sku|fnsku|asin|product-name|condition|sellable-quantity|sellable-271-365-days|sellable-365+-days|sellable-removal-quantity|unsellable-quantity|estimated-fee',
    row({ random, from, products }, index) {
      const product = products[index % products.length] as Product;
      return [
        iso(from),
        product.sku,
        product.fnsku,
        product.asin,
        product.title,
        'NewItem',
        random.integer(0, 90),
        0,
        0,
        random.integer(0, 9),
        0,
        money(random.integer(50, 900)),
      ];
    },
  },
};

const feeKinds: readonly [type: string, description: string, share: number][] = [
  ['ItemPrice', 'Principal', 1],
  ['ItemPrice', 'Tax', 0.08],
  ['ItemFees', 'Commission', -0.15],
  ['ItemFees', 'FBAPerUnitFulfillmentFee', -0.12],
];

/** The summary row first; its total is the sum of the amounts. In Europe with decimal comma and day-first dates. */
function settlementV2Text(plan: Plan): string {
  const { market, random, from, to, products } = plan;
  const european = market.country === 'DE';
  const number = (cents: number) => (european ? money(cents).replace('.', ',') : money(cents));
  const time = (date: Date) => {
    const [day = '', clock = ''] = date.toISOString().slice(0, 19).split('T');
    return european ? `${day.split('-').reverse().join('.')} ${clock} UTC` : `${day} ${clock} UTC`;
  };
  const id = `1${random.digits(10)}`;
  let totalCents = 0;
  const rows: string[][] = [];
  while (rows.length < plan.rows) {
    const product = random.pick(products);
    const order = orderId(random);
    const posted = random.time(from, to);
    for (const [type, description, share] of feeKinds) {
      const cents = Math.round(product.priceCents * share);
      totalCents += cents;
      rows.push([
        id,
        '',
        '',
        '',
        '',
        '',
        'Order',
        order,
        '',
        '',
        `D${random.letters(8)}`,
        market.channel,
        type,
        description,
        number(cents),
        'AFN',
        time(posted).slice(0, 10),
        time(posted),
        random.digits(14),
        '',
        '',
        product.sku,
        '1',
        '',
      ]);
    }
  }
  const header =
    'settlement-id|settlement-start-date|settlement-end-date|deposit-date|total-amount|currency|transaction-type|order-id|merchant-order-id|adjustment-id|shipment-id|marketplace-name|amount-type|amount-description|amount|fulfillment-id|posted-date|posted-date-time|order-item-code|merchant-order-item-id|merchant-adjustment-item-id|sku|quantity-purchased|promotion-id';
  const deposit = new Date(to.getTime() + 2 * 86_400_000);
  const summary = [id, time(from), time(to), time(deposit), number(totalCents), market.currency];
  return [header.split('|'), summary, ...rows].map((cells) => cells.join('\t')).join('\n');
}

/** The older layout: amounts spread over columns, trailing empty cells dropped from the rows. */
function settlementV1Text(plan: Plan): string {
  const { market, random, from, to, products } = plan;
  const id = `1${random.digits(10)}`;
  const time = (date: Date) => date.toISOString().slice(0, 19).concat('+00:00');
  let totalCents = 0;
  const rows: string[][] = [];
  while (rows.length < plan.rows) {
    const product = random.pick(products);
    const start = [
      id,
      '',
      '',
      '',
      '',
      '',
      'Order',
      orderId(random),
      '',
      '',
      `D${random.letters(8)}`,
      market.channel,
      '',
      '',
      '',
      '',
      'AFN',
    ];
    const item = [time(random.time(from, to)), random.digits(14), '', '', product.sku, ''];
    const fee = -Math.round(product.priceCents * 0.15);
    totalCents += product.priceCents + fee;
    rows.push([...start, ...item, 'Principal', money(product.priceCents)]);
    rows.push([...start, ...item, '', '', 'Commission', money(fee)]);
  }
  const header =
    'settlement-id|settlement-start-date|settlement-end-date|deposit-date|total-amount|currency|transaction-type|order-id|merchant-order-id|adjustment-id|shipment-id|marketplace-name|shipment-fee-type|shipment-fee-amount|order-fee-type|order-fee-amount|fulfillment-id|posted-date|order-item-code|merchant-order-item-id|merchant-adjustment-item-id|sku|quantity-purchased|price-type|price-amount|item-related-fee-type|item-related-fee-amount|misc-fee-amount|other-fee-amount|other-fee-reason-description|promotion-id|promotion-type|promotion-amount|direct-payment-type|direct-payment-amount|other-amount';
  const summary = [id, time(from), time(to), time(to), money(totalCents), market.currency];
  return [header.split('|'), summary, ...rows].map((cells) => cells.join('\t')).join('\n');
}
