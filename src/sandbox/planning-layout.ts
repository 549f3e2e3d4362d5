import { eachRow, headerOf, type Layout, money } from './layout.js';

/** Layout of the age of stock and its future fees, with the numeric columns of newer documents. */
export const planningLayout: Layout = {
  header: headerOf(
    'snapshot-date|sku|fnsku|asin|product-name|condition|available|pending-removal-quantity|inv-age-0-to-90-days|inv-age-91-to-180-days|inv-age-181-to-270-days|inv-age-271-to-365-days|inv-age-366-to-455-days|inv-age-456-plus-days|currency|units-shipped-t7|units-shipped-t30|units-shipped-t60|units-shipped-t90|your-price|sales-price|sell-through|item-volume|volume-unit-measurement|marketplace|days-of-supply|estimated-storage-cost-next-month|estimated-ais-181-210-days|estimated-ais-211-240-days|estimated-ais-241-270-days|estimated-ais-271-300-days|estimated-ais-301-330-days|estimated-ais-331-365-days|estimated-ais-366-455-days|estimated-ais-456-plus-days|fba-inventory-level-health-status',
  ),
  rows: eachRow('in turn', ({ market, random, to }, product) => {
    const [young, grown, old, older] = [300, 60, 20, 8].map((most) => random.integer(0, most)) as [
      number,
      number,
      number,
      number,
    ];
    const ancient = random.chance(0.3) ? random.integer(1, 6) : 0;
    const available = young + grown + old + older + ancient;
    const monthly = random.integer(20, 120);
    const volume = random.integer(5, 90) / 100;
    const feePerUnit = (hundredths: number, units: number) => money(market, Math.round(hundredths * units));
    return {
      'snapshot-date': to.toISOString().slice(0, 10),
      sku: product.sku,
      fnsku: product.fnsku,
      asin: product.asin,
      'product-name': product.title,
      condition: 'New',
      available,
      'pending-removal-quantity': 0,
      'inv-age-0-to-90-days': young,
      'inv-age-91-to-180-days': grown,
      'inv-age-181-to-270-days': old,
      'inv-age-271-to-365-days': older,
      'inv-age-366-to-455-days': ancient,
      'inv-age-456-plus-days': 0,
      currency: market.currency,
      'units-shipped-t7': Math.round(monthly / 4),
      'units-shipped-t30': monthly,
      'units-shipped-t60': monthly * 2,
      'units-shipped-t90': monthly * 3,
      'your-price': money(market, product.priceCents),
      'sales-price': money(market, product.priceCents),
      'sell-through': ((monthly * 3) / Math.max(1, available)).toFixed(2),
      'item-volume': volume.toFixed(2),
      'volume-unit-measurement': 'cubic feet',
      marketplace: market.country,
      'days-of-supply': Math.round((available / monthly) * 30),
      'estimated-storage-cost-next-month': feePerUnit(78 * volume, available),
      'estimated-ais-181-210-days': feePerUnit(50 * volume, old),
      'estimated-ais-211-240-days': money(market, 0),
      'estimated-ais-241-270-days': money(market, 0),
      'estimated-ais-271-300-days': feePerUnit(380 * volume, older),
      'estimated-ais-301-330-days': money(market, 0),
      'estimated-ais-331-365-days': money(market, 0),
      'estimated-ais-366-455-days': feePerUnit(690 * volume, ancient),
      'estimated-ais-456-plus-days': money(market, 0),
      'fba-inventory-level-health-status': available > monthly * 3 ? 'Excess' : 'Healthy',
    };
  }),
};
