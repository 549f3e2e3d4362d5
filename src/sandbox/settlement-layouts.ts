import type { Market } from './catalogue-of-goods.js';
import { type Cells, dayMs, headerOf, isoTime, type Layout, money, type Plan } from './layout.js';
import { type Sale, salesOf, timeAfter } from './sales.js';

/**
 * Layouts of settlements: a summary row, then the postings, which add up to the total of the
 * summary. The same plan and seed result in the same settlement in both layouts.
 */
export const settlementLayouts: Record<string, Layout> = {
  GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2: {
    bareLines: true,
    header: headerOf(
      'settlement-id|settlement-start-date|settlement-end-date|deposit-date|total-amount|currency|transaction-type|order-id|merchant-order-id|adjustment-id|shipment-id|marketplace-name|amount-type|amount-description|amount|fulfillment-id|posted-date|posted-date-time|order-item-code|merchant-order-item-id|merchant-adjustment-item-id|sku|quantity-purchased|promotion-id',
    ),
    *rows(plan) {
      const { market } = plan;
      const { id, postings, totalHundredths } = settle(plan);
      if (postings.length === 0) return;
      const time = (at: Date) => localTime(at, market);
      yield {
        ...summary(id, plan, time),
        'total-amount': localMoney(market, totalHundredths),
      };
      for (const posting of postings) {
        yield {
          'settlement-id': id,
          ...shared(posting, market),
          'amount-type': posting.type,
          'amount-description': posting.description,
          amount: localMoney(market, posting.hundredths),
          'posted-date': time(posting.postedAt).slice(0, 10),
          'posted-date-time': time(posting.postedAt),
          'quantity-purchased': posting.description === 'Principal' ? posting.quantity : '',
        };
      }
    },
  },

  GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE: {
    bareLines: true,
    ragged: true,
    header: headerOf(
      'settlement-id|settlement-start-date|settlement-end-date|deposit-date|total-amount|currency|transaction-type|order-id|merchant-order-id|adjustment-id|shipment-id|marketplace-name|shipment-fee-type|shipment-fee-amount|order-fee-type|order-fee-amount|fulfillment-id|posted-date|order-item-code|merchant-order-item-id|merchant-adjustment-item-id|sku|quantity-purchased|price-type|price-amount|item-related-fee-type|item-related-fee-amount|misc-fee-amount|other-fee-amount|other-fee-reason-description|promotion-id|promotion-type|promotion-amount|direct-payment-type|direct-payment-amount|other-amount',
    ),
    *rows(plan) {
      const { market } = plan;
      const { id, postings, totalHundredths } = settle(plan);
      if (postings.length === 0) return;
      yield { ...summary(id, plan, isoTime), 'total-amount': money(market, totalHundredths) };
      for (const posting of postings) {
        const cells = {
          'settlement-id': id,
          ...shared(posting, market),
          'posted-date': isoTime(posting.postedAt),
        };
        // The number of units has a separate row without an amount.
        if (
          posting.transaction === 'Order' &&
          posting.description === 'Principal' &&
          posting.type === 'ItemPrice'
        )
          yield { ...cells, 'quantity-purchased': posting.quantity };
        yield { ...cells, ...amountByColumn(posting, market) };
      }
    },
  },
};

/** One amount of a settlement. */
interface Posting {
  transaction: string;
  type: string;
  description: string;
  hundredths: number;
  postedAt: Date;
  orderId: string;
  shipmentId: string;
  adjustmentId: string;
  itemCode: string;
  sku: string;
  quantity: number;
  promotionId: string;
}

type Component = readonly [type: string, description: string, share: number];

const orderComponents: readonly Component[] = [
  ['ItemPrice', 'Principal', 1],
  ['ItemPrice', 'Tax', 0.08],
  ['ItemFees', 'Commission', -0.15],
  ['ItemFees', 'FBAPerUnitFulfillmentFee', -0.12],
];
const promotion: Component = ['Promotion', 'Principal', -0.05];
const refundComponents: readonly Component[] = [
  ['ItemPrice', 'Principal', -1],
  ['ItemPrice', 'Tax', -0.08],
  ['ItemFees', 'Commission', 0.15],
  ['ItemFees', 'RefundCommission', -0.03],
];

const subscriptionHundredths = -3999;

/** Yields one posting per row of the plan: a subscription fee, then orders and refunds. */
function settle(plan: Plan): { id: string; postings: Posting[]; totalHundredths: number } {
  const { random, from, to } = plan;
  const anySale = salesOf(plan);
  const id = `1${random.digits(10)}`;
  const all: Posting[] = [subscription(random.time(from, to))];
  while (all.length < plan.rows) {
    const refund = random.chance(0.08);
    const extra = !refund && random.chance(0.2) ? [promotion] : [];
    const components = refund ? refundComponents : [...orderComponents, ...extra];
    all.push(...orderPostings(plan, anySale(), refund ? 'Refund' : 'Order', components));
  }
  const postings = all.slice(0, plan.rows);
  const totalHundredths = postings.reduce((sum, { hundredths }) => sum + hundredths, 0);
  return { id, postings, totalHundredths };
}

function orderPostings(
  plan: Plan,
  sale: Sale,
  transaction: string,
  components: readonly Component[],
): Posting[] {
  const { random } = plan;
  const { product, quantity } = sale;
  const of = {
    transaction,
    postedAt: timeAfter(sale, plan),
    orderId: sale.orderId,
    shipmentId: `D${random.letters(8)}`,
    adjustmentId: transaction === 'Refund' ? `amzn1:crow:${random.letters(22)}` : '',
    itemCode: random.digits(14),
    sku: product.sku,
    quantity,
  };
  return components.map(([type, description, share]) => ({
    ...of,
    type,
    description,
    hundredths: Math.round(product.priceCents * quantity * share),
    promotionId: type === 'Promotion' ? `Deal-${of.shipmentId}` : '',
  }));
}

function subscription(postedAt: Date): Posting {
  return {
    transaction: 'Subscription Fee',
    type: 'other-transaction',
    description: 'Subscription Fee',
    hundredths: subscriptionHundredths,
    postedAt,
    orderId: '',
    shipmentId: '',
    adjustmentId: '',
    itemCode: '',
    sku: '',
    quantity: 0,
    promotionId: '',
  };
}

/** The cells that both layouts share. */
function shared(posting: Posting, market: Market): Cells {
  return {
    'transaction-type': posting.transaction,
    'order-id': posting.orderId,
    'adjustment-id': posting.adjustmentId,
    'shipment-id': posting.shipmentId,
    'marketplace-name': posting.orderId ? market.channel : '',
    'fulfillment-id': posting.orderId ? 'AFN' : '',
    'order-item-code': posting.itemCode,
    sku: posting.sku,
    'promotion-id': posting.promotionId,
  };
}

function summary(id: string, { market, from, to }: Plan, time: (at: Date) => string): Cells {
  return {
    'settlement-id': id,
    'settlement-start-date': time(from),
    'settlement-end-date': time(to),
    'deposit-date': time(new Date(to.getTime() + 2 * dayMs)),
    currency: market.currency,
  };
}

/** The older layout has one column, or two, for each kind of amount. */
function amountByColumn({ type, description, hundredths }: Posting, market: Market): Cells {
  const amount = money(market, hundredths);
  switch (type) {
    case 'ItemPrice':
      return { 'price-type': description, 'price-amount': amount };
    case 'ItemFees':
      return { 'item-related-fee-type': description, 'item-related-fee-amount': amount };
    case 'Promotion':
      return { 'promotion-type': description, 'promotion-amount': amount };
    default:
      return { 'other-amount': amount };
  }
}

/** In Europe, V2 uses local formats: decimal comma, dates with points, day first. */
function localMoney(market: Market, hundredths: number): string {
  const amount = money(market, hundredths);
  return market.country === 'DE' ? amount.replace('.', ',') : amount;
}

function localTime(time: Date, { country }: Market): string {
  const [day = '', clock = ''] = time.toISOString().slice(0, 19).split('T');
  return `${country === 'DE' ? day.split('-').reverse().join('.') : day} ${clock} UTC`;
}
