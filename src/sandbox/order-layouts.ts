import type { Product } from './catalogue-of-goods.js';
import {
  type Cells,
  dayMs,
  eachRow,
  headerOf,
  isoTime,
  type Layout,
  money,
  orderId,
  type Plan,
} from './layout.js';

/** Layouts of the reports of orders: one row per order or shipment item. Buyers are invented. */
export const orderLayouts: Record<string, Layout> = {
  GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL: {
    header: headerOf(
      'amazon-order-id|merchant-order-id|purchase-date|last-updated-date|order-status|fulfillment-channel|sales-channel|order-channel|ship-service-level|product-name|sku|asin|item-status|quantity|currency|item-price|item-tax|shipping-price|shipping-tax|gift-wrap-price|gift-wrap-tax|item-promotion-discount|ship-promotion-discount|ship-city|ship-state|ship-postal-code|ship-country|promotion-ids|is-business-order|purchase-order-number|price-designation',
    ),
    rows: boughtItems,
  },

  GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL: {
    header: headerOf(
      'amazon-order-id|merchant-order-id|purchase-date|last-updated-date|order-status|fulfillment-channel|sales-channel|order-channel|ship-service-level|product-name|sku|asin|number-of-items|item-status|tax-collection-model|tax-collection-responsible-party|quantity|currency|item-price|item-tax|shipping-price|shipping-tax|gift-wrap-price|gift-wrap-tax|item-promotion-discount|ship-promotion-discount|address-type|ship-city|ship-state|ship-postal-code|ship-country|promotion-ids|is-business-order|purchase-order-number|price-designation|is-sold-by-ab|signature-confirmation-recommended',
    ),
    *rows(plan) {
      for (const item of boughtItems(plan)) {
        yield {
          ...item,
          'number-of-items': item.quantity ?? '',
          'address-type': plan.random.pick(['Residential', 'Commercial']),
          'is-sold-by-ab': 'false',
          'signature-confirmation-recommended': 'false',
          ...(plan.market.country === 'US'
            ? {
                'tax-collection-model': 'MarketplaceFacilitator',
                'tax-collection-responsible-party': 'Amazon Services, Inc.',
              }
            : {}),
        };
      }
    },
  },

  GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL: {
    header: headerOf(
      'amazon-order-id|merchant-order-id|shipment-id|shipment-item-id|amazon-order-item-id|merchant-order-item-id|purchase-date|payments-date|shipment-date|reporting-date|buyer-email|buyer-name|buyer-phone-number|sku|product-name|quantity-shipped|currency|item-price|item-tax|shipping-price|shipping-tax|gift-wrap-price|gift-wrap-tax|ship-service-level|recipient-name|ship-address-1|ship-address-2|ship-address-3|ship-city|ship-state|ship-postal-code|ship-country|ship-phone-number|bill-address-1|bill-address-2|bill-address-3|bill-city|bill-state|bill-postal-code|bill-country|item-promotion-discount|ship-promotion-discount|carrier|tracking-number|estimated-arrival-date|fulfillment-center-id|fulfillment-channel|sales-channel',
    ),
    rows: eachRow('any', (plan, product, index) => {
      const { market, random, from, to } = plan;
      const shipped = random.time(from, to);
      const bought = isoTime(new Date(shipped.getTime() - dayMs));
      const quantity = random.integer(1, 3);
      return {
        'amazon-order-id': orderId(random),
        'shipment-id': `D${random.letters(8)}`,
        'shipment-item-id': `D${random.letters(12)}`,
        'amazon-order-item-id': random.digits(14),
        'purchase-date': bought,
        'payments-date': bought,
        'shipment-date': isoTime(shipped),
        'reporting-date': isoTime(new Date(shipped.getTime() + dayMs / 4)),
        ...buyer(plan, index),
        sku: product.sku,
        'product-name': product.title,
        'quantity-shipped': quantity,
        ...paid(plan, product.priceCents * quantity),
        'ship-service-level': 'Standard',
        'item-promotion-discount': money(market, 0),
        'ship-promotion-discount': money(market, 0),
        carrier: 'AMZN_US',
        'tracking-number': `TBA${random.digits(12)}`,
        'estimated-arrival-date': isoTime(new Date(shipped.getTime() + 2 * dayMs)),
        'fulfillment-center-id': random.pick(market.warehouses),
        'fulfillment-channel': 'AFN',
        'sales-channel': market.channel.toLowerCase(),
      };
    }),
  },

  GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING: {
    header: headerOf(
      'order-id|order-item-id|purchase-date|payments-date|buyer-email|buyer-name|payment-method-details|buyer-phone-number|sku|product-name|quantity-purchased|currency|item-price|item-tax|shipping-price|shipping-tax|ship-service-level|recipient-name|ship-address-1|ship-address-2|ship-address-3|ship-city|ship-state|ship-postal-code|ship-country|ship-phone-number|delivery-Instructions|sales-channel',
    ),
    rows: eachRow('any', (plan, product, index) => {
      const { market, random, from, to } = plan;
      const bought = random.time(from, to);
      const quantity = random.integer(1, 2);
      return {
        'order-id': orderId(random),
        'order-item-id': random.digits(14),
        'purchase-date': isoTime(bought),
        'payments-date': isoTime(new Date(bought.getTime() + 600_000)),
        ...buyer(plan, index),
        'payment-method-details': 'Standard',
        sku: product.sku,
        'product-name': product.title,
        'quantity-purchased': quantity,
        ...paid(plan, product.priceCents * quantity),
        'ship-service-level': 'Standard',
        'delivery-Instructions': random.chance(0.2) ? 'Please ring twice, "back door"' : '',
        'sales-channel': market.channel,
      };
    }),
  },
};

/** Returns the plan's orders within its data period; generated ones if the plan has none. */
export function boughtItems(plan: Plan): Iterable<Cells> {
  const { orderItems: given, from, to } = plan;
  return (
    given?.filter((item) => {
      const purchasedAt = new Date(item['purchase-date'] ?? '');
      return purchasedAt >= from && purchasedAt <= to;
    }) ?? orderItems(plan)
  );
}

/**
 * Yields items of orders, as in reports of all orders: one to three different products per order.
 */
export function* orderItems(plan: Plan): Generator<Cells> {
  const { market, random, from, to, products } = plan;
  let left = plan.rows;
  while (left > 0) {
    const purchased = random.time(from, to);
    const [city, state, postalCode] = random.pick(market.cities);
    const status = random.chance(0.05) ? 'Cancelled' : random.pick(['Shipped', 'Shipped', 'Pending']);
    const order = {
      'amazon-order-id': orderId(random),
      'purchase-date': isoTime(purchased),
      'last-updated-date': isoTime(random.time(purchased, to)),
      'order-status': status,
      'fulfillment-channel': random.pick(['Amazon', 'Merchant']),
      'sales-channel': market.channel,
      'ship-service-level': random.pick(['Standard', 'Expedited', 'SecondDay']),
      'ship-city': city,
      'ship-state': state,
      'ship-postal-code': postalCode,
      'ship-country': market.country === 'UK' ? 'GB' : market.country,
      'is-business-order': String(random.chance(0.1)),
    };
    const items = Math.min(left, products.length, random.pick([1, 1, 1, 1, 1, 2, 2, 3]));
    const first = random.integer(0, products.length - 1);
    for (let item = 0; item < items; item += 1) {
      const product = products[(first + item) % products.length] as Product;
      yield { ...order, ...orderItem(plan, product, status) };
    }
    left -= items;
  }
}

/**
 * A cancelled item has neither quantity nor amounts. Most orders have no gift wrap and no discount;
 * then these cells are empty.
 */
function orderItem(plan: Plan, product: Product, status: string): Cells {
  const { market, random } = plan;
  const cells = { 'product-name': product.title, sku: product.sku, asin: product.asin };
  if (status === 'Cancelled') return { ...cells, 'item-status': 'Cancelled', quantity: 0 };
  const quantity = random.integer(1, 3);
  const hundredths = product.priceCents * quantity;
  return {
    ...cells,
    'item-status': status === 'Pending' ? 'Unshipped' : 'Shipped',
    quantity,
    ...paid(plan, hundredths),
    ...(random.chance(0.1)
      ? {
          'item-promotion-discount': money(market, Math.round(hundredths * 0.1)),
          'promotion-ids': `PAWS-V2-${random.digits(14)}`,
        }
      : {}),
  };
}

function paid({ market }: Plan, hundredths: number): Cells {
  return {
    currency: market.currency,
    'item-price': money(market, hundredths),
    'item-tax': money(market, Math.round(hundredths * 0.08)),
    'shipping-price': money(market, 0),
    'shipping-tax': money(market, 0),
  };
}

function buyer({ market, random }: Plan, index: number): Cells {
  const [city, state, postalCode] = random.pick(market.cities);
  return {
    'buyer-email': `buyer${index}@example.com`,
    'buyer-name': `Sample Buyer ${index}`,
    'recipient-name': `Sample Buyer ${index}`,
    'ship-address-1': `${index} Example Street`,
    'ship-city': city,
    'ship-state': state,
    'ship-postal-code': postalCode,
    'ship-country': market.country === 'UK' ? 'GB' : market.country,
  };
}
