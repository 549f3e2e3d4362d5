-- Current units at Amazon, by SKU: available, reserved, inbound.
--
-- Tables: fba_inventory
-- Columns:
--   seller_id: The seller.
--   marketplace_ids: Marketplaces that the report was made for, joined by commas.
--   as_of: Time that the report is about, in UTC.
--   sku: The seller's SKU.
--   asin: ASIN.
--   product_name: Name of the product.
--   condition: Condition of the units.
--   price: Price of the offer, in the currency of the marketplace.
--   fulfillable: Units that can be sold.
--   reserved: Units of orders in work, in transfer or at processing.
--   unsellable: Units that can not be sold.
--   inbound: Units on the way to Amazon: announced, shipped or being received.
--   researching: Units that Amazon is looking for.
--   total: Units at Amazon and on the way there.
-- Caveats: Offers that are suppressed are not in the report. Stock of the seller's own warehouse is not in it. A report of several marketplaces counts their
--   shared stock once; reports of single ones count it in each.
SELECT
  _seller_id AS seller_id,
  ARRAY_TO_STRING(_marketplace_ids, ', ') AS marketplace_ids,
  COALESCE(_data_end, _loaded_at) AS as_of,
  sku,
  asin,
  product_name,
  condition,
  your_price AS price,
  afn_fulfillable_quantity AS fulfillable,
  afn_reserved_quantity AS reserved,
  afn_unsellable_quantity AS unsellable,
  COALESCE(afn_inbound_working_quantity, 0) + COALESCE(afn_inbound_shipped_quantity, 0)
    + COALESCE(afn_inbound_receiving_quantity, 0) AS inbound,
  afn_researching_quantity AS researching,
  afn_total_quantity AS total
FROM fba_inventory
