-- Units at Amazon now, by SKU: sellable, reserved, and on the way.
--
-- Tables: fba_inventory
-- Columns:
--   seller_id: The seller.
--   marketplace_ids: Marketplaces of the report, joined by commas.
--   as_of: The time to which the figures refer, in UTC: the end of the data period of the report, otherwise when the report was created, which for a file
--     is its modification time unless `load --created` says otherwise.
--   sku: The seller's SKU.
--   asin: ASIN.
--   product_name: Name of the product.
--   condition: Condition of the units.
--   price: Price of the offer, in the currency of the marketplace.
--   fulfillable: Units that can be sold.
--   reserved: Units in current orders, in transfer between warehouses, or being processed.
--   unsellable: Units that cannot be sold.
--   inbound: Units on the way to Amazon: announced, shipped or being received.
--   researching: Units whose location Amazon is investigating.
--   total: Units at Amazon and on the way to Amazon.
-- Caveats: The report omits suppressed offers and stock in the seller's own warehouse. A report of several marketplaces counts their shared stock once;
--   reports of single marketplaces count it in each.
SELECT
  _seller_id AS seller_id,
  ARRAY_TO_STRING(_marketplace_ids, ', ') AS marketplace_ids,
  _as_of AS as_of,
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
