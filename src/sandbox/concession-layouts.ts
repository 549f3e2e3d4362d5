import { eachRow, headerOf, isoTime, type Layout, money } from './layout.js';
import { salesOf, timeAfter } from './sales.js';

/** Layouts of the reports of returns, reimbursements and fees. */
export const concessionLayouts: Record<string, Layout> = {
  GET_FBA_REIMBURSEMENTS_DATA: {
    header: headerOf(
      'approval-date|reimbursement-id|case-id|amazon-order-id|reason|sku|fnsku|asin|product-name|condition|currency-unit|amount-per-unit|amount-total|quantity-reimbursed-cash|quantity-reimbursed-inventory|quantity-reimbursed-total|original-reimbursement-id|original-reimbursement-type',
    ),
    *rows(plan) {
      const { market, random, from, to, products } = plan;
      const anySale = salesOf(plan);
      for (let row = 0; row < plan.rows; row += 1) {
        const reason = random.pick([
          'CustomerReturn',
          'CustomerReturn',
          'Lost_Warehouse',
          'Damaged_Warehouse',
        ]);
        // Units lost in a warehouse belong to no order.
        const sale = reason === 'CustomerReturn' ? anySale() : undefined;
        const product = sale?.product ?? random.pick(products);
        const quantity = sale ? 1 : random.integer(1, 2);
        yield {
          'approval-date': isoTime(sale ? timeAfter(sale, plan) : random.time(from, to)),
          'reimbursement-id': `8${random.digits(9)}`,
          'amazon-order-id': sale?.orderId ?? '',
          reason,
          sku: product.sku,
          fnsku: product.fnsku,
          asin: product.asin,
          'product-name': product.title,
          condition: 'Sellable',
          'currency-unit': market.currency,
          'amount-per-unit': money(market, product.priceCents),
          'amount-total': money(market, product.priceCents * quantity),
          'quantity-reimbursed-cash': quantity,
          'quantity-reimbursed-inventory': 0,
          'quantity-reimbursed-total': quantity,
        };
      }
    },
  },

  GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA: {
    header: headerOf(
      'return-date|order-id|sku|asin|fnsku|product-name|quantity|fulfillment-center-id|detailed-disposition|reason|status|license-plate-number|customer-comments',
    ),
    *rows(plan) {
      const { market, random } = plan;
      const anySale = salesOf(plan);
      for (let row = 0; row < plan.rows; row += 1) {
        const sale = anySale();
        const { product } = sale;
        yield {
          'return-date': isoTime(timeAfter(sale, plan)),
          'order-id': sale.orderId,
          sku: product.sku,
          asin: product.asin,
          fnsku: product.fnsku,
          'product-name': product.title,
          quantity: 1,
          'fulfillment-center-id': random.pick(market.warehouses),
          'detailed-disposition': random.pick(['SELLABLE', 'CUSTOMER_DAMAGED']),
          reason: random.pick(['UNWANTED_ITEM', 'DEFECTIVE', 'NOT_AS_DESCRIBED']),
          status: 'Unit returned to inventory',
          'license-plate-number': `LPN${random.letters(9)}`,
          'customer-comments': random.chance(0.3) ? 'Said 12", is 11" - "too small"' : '',
        };
      }
    },
  },

  GET_FBA_STORAGE_FEE_CHARGES_DATA: {
    header: headerOf(
      'asin|fnsku|product_name|fulfillment_center|country_code|longest_side|median_side|shortest_side|measurement_units|weight|weight_units|item_volume|volume_units|product_size_tier|average_quantity_on_hand|average_quantity_pending_removal|estimated_total_item_volume|month_of_charge|storage_rate|currency|estimated_monthly_storage_fee|dangerous_goods_storage_type|eligible_for_inventory_discount|qualifies_for_inventory_discount|total_incentive_fee_amount',
    ),
    rows: eachRow('in turn', ({ market, random, from, products }, product, index) => {
      const volume = random.integer(5, 900) / 1000;
      const onHand = random.integer(0, 400) / 4;
      return {
        asin: product.asin,
        fnsku: product.fnsku,
        product_name: product.title,
        // A product has one row per warehouse and month.
        fulfillment_center:
          market.warehouses[Math.floor(index / products.length) % market.warehouses.length] ?? '',
        country_code: market.country,
        longest_side: '10.20',
        median_side: '8.00',
        shortest_side: '3.50',
        measurement_units: 'inches',
        weight: (random.integer(1, 90) / 10).toFixed(2),
        weight_units: 'pounds',
        item_volume: volume.toFixed(4),
        volume_units: 'cubic feet',
        product_size_tier: 'LargeStandardSize',
        average_quantity_on_hand: onHand.toFixed(2),
        average_quantity_pending_removal: '0.00',
        estimated_total_item_volume: (volume * onHand).toFixed(4),
        month_of_charge: from.toISOString().slice(0, 7),
        storage_rate: '0.78',
        currency: market.currency,
        // Amazon's text for a fee that is not computed.
        estimated_monthly_storage_fee: random.chance(0.1) ? '--' : (volume * onHand * 0.78).toFixed(4),
        dangerous_goods_storage_type: '--',
        eligible_for_inventory_discount: 'No',
        qualifies_for_inventory_discount: 'No',
        total_incentive_fee_amount: '--',
      };
    }),
  },
};
