-- Each amount of the settlements, with what kind of amount it is. The other views on settlements read this one.
--
-- Tables: settlement_v2 | settlement_v1, marketplace_facts, exchange_rates?
-- Columns:
--   seller_id: The seller.
--   settlement_id: The settlement. All its amounts are in one currency.
--   currency: Currency of the amount.
--   marketplace_name: Name of the marketplace in the settlement, such as Amazon.de; NULL if an amount belongs to no marketplace.
--   order_id: The order; NULL for an amount that belongs to no order. Removal orders count.
--   sku: The seller's SKU; NULL for an amount that belongs to no SKU.
--   fulfillment: AFN if Amazon shipped the order, MFN if the seller did; NULL if the settlement does not say so.
--   posted_on: Day on which the amount was posted, in UTC.
--   posted_on_local: The same day in the time zone of the marketplace, or of the settlement's only marketplace; in UTC if neither is known.
--   transaction_type: As in the settlement.
--   amount_type: As in the settlement; made from the columns of the older layout.
--   amount_description: As in the settlement.
--   kind: What kind of amount it is: sales, shipping, promotions, refunds, fees, advertising, reimbursements, tax, transfers or other.
--   fee: Which fee it is, if `kind` is fees: item (commission, fulfilment), storage, long_term_storage, removal, subscription, inbound, shipping_labels,
--     marketing (coupons, deals, reviews) or other.
--   is_known: Whether the type of the amount is known. An unknown one is in the kind that its type suggests, or in other.
--   amount: The amount. Fees and refunds are negative.
--   units_sold: Units, on the one amount that states them for an ordered item.
--   units_refunded: Units of a refund. Amazon leaves them out of many refunds.
--   reporting_currency: The reporting currency; NULL without exchange rates.
--   reporting_amount: The amount in the reporting currency, by the rate of `posted_on_local`; NULL if there is no rate.
-- Caveats: A settlement that came in both layouts counts once, in the V2 layout. Kinds follow from the types of English settlements, never from free text such as
--   the title of a coupon. Amounts of other types are listed in unknown_amounts.
WITH parts AS (
  SELECT 1 AS part UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
  UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9
),
lines AS (
  SELECT
    _seller_id, settlement_id, marketplace_name, order_id, sku, fulfillment_id,
    posted_date_time AS posted_at, posted_date, transaction_type, amount_type, amount_description, amount, quantity_purchased AS quantity
  FROM settlement_v2
  WHERE amount IS NOT NULL
  UNION ALL
  -- The older layout has a pair of columns for each kind of amount, and units on a row of their own.
  SELECT
    _seller_id, settlement_id, marketplace_name, order_id, sku, fulfillment_id,
    posted_date, CAST(NULL AS DATE), transaction_type,
    CASE part
      WHEN 1 THEN 'ItemPrice' WHEN 2 THEN 'Promotion' WHEN 3 THEN 'ItemFees' WHEN 4 THEN 'ShipmentFees' WHEN 5 THEN 'OrderFees'
      WHEN 6 THEN 'MiscFees' WHEN 7 THEN 'OtherFees' WHEN 8 THEN 'DirectPayment' ELSE 'other-transaction'
    END,
    CASE part
      WHEN 1 THEN price_type WHEN 2 THEN promotion_type WHEN 3 THEN item_related_fee_type WHEN 4 THEN shipment_fee_type
      WHEN 5 THEN order_fee_type WHEN 7 THEN other_fee_reason_description WHEN 8 THEN direct_payment_type WHEN 9 THEN transaction_type
    END,
    CASE part
      WHEN 1 THEN price_amount WHEN 2 THEN promotion_amount WHEN 3 THEN item_related_fee_amount WHEN 4 THEN shipment_fee_amount
      WHEN 5 THEN order_fee_amount WHEN 6 THEN misc_fee_amount WHEN 7 THEN other_fee_amount WHEN 8 THEN direct_payment_amount
      ELSE other_amount
    END,
    CASE WHEN part = 1 THEN quantity_purchased END
  FROM settlement_v1 AS v1
  CROSS JOIN parts
  WHERE total_amount IS NULL AND NOT EXISTS (
    SELECT 1 FROM settlement_v2 AS v2
    WHERE v2._seller_id = v1._seller_id AND v2.settlement_id = v1.settlement_id
  )
),
-- A settlement has few types and many amounts, so each type is classified once.
types AS (
  SELECT DISTINCT
    COALESCE(transaction_type, '') AS of_transaction, COALESCE(amount_type, '') AS of_type, COALESCE(amount_description, '') AS of_description
  FROM lines
),
-- Spellings of a type differ in blanks and hyphens: Storage Fee, StorageFee.
keys AS (
  SELECT
    types.*,
    REPLACE(REPLACE(REPLACE(LOWER(of_transaction), ' ', ''), '-', ''), '_', '') AS transaction_key,
    REPLACE(REPLACE(REPLACE(LOWER(of_type), ' ', ''), '-', ''), '_', '') AS type_key,
    REPLACE(REPLACE(REPLACE(LOWER(of_description), ' ', ''), '-', ''), '_', '') AS description_key
  FROM types
),
-- What an amount outside orders is for: its type, or its description if the type says nothing.
services AS (
  SELECT
    keys.*,
    CASE WHEN type_key IN ('', 'othertransaction', 'othertransactions') THEN description_key ELSE type_key END AS service,
    transaction_key LIKE '%refund%' OR transaction_key LIKE '%chargeback%' OR transaction_key LIKE 'atoz%' AS is_refund,
    type_key IN ('itemfees', 'shipmentfees', 'orderfees', 'miscfees', 'otherfees', 'itemfeeadjustment') AS is_item_fee
  FROM keys
),
fees AS (
  SELECT
    services.*,
    CASE
      WHEN service IN ('storagefee', 'fbastoragefee', 'fbainventorystoragefee', 'storagebilling', 'fbastoragebilling', 'storagebillingcgst', 'storagebillingsgst', 'storagebillingigst')
        OR transaction_key IN ('storagefee', 'fbainventorystoragefee') THEN 'storage'
      WHEN service IN ('storagerenewalbilling', 'storagerenewalbillingcgst', 'storagerenewalbillingsgst', 'storagerenewalbillingigst', 'longtermstoragefee',
          'fbalongtermstoragefee', 'fbalongtermstoragebilling', 'agedinventorysurcharge', 'fbaagedinventorysurcharge')
        OR transaction_key IN ('storagerenewalbilling', 'fbalongtermstoragefee') THEN 'long_term_storage'
      WHEN service LIKE 'removalcomplete%' OR service LIKE 'disposalcomplete%' OR service LIKE 'fbaremovalorder%'
        OR service IN ('fbaremovalfee', 'fbadisposalfee', 'fbadisposal', 'liquidationscomplete')
        OR transaction_key IN ('removalcomplete', 'disposalcomplete') THEN 'removal'
      WHEN service IN ('subscription', 'subscriptionfee', 'subscriptionfeecorrection') OR transaction_key = 'subscriptionfee' THEN 'subscription'
      WHEN service LIKE 'inbounddefectfee%' OR service LIKE 'unplannedservicefee%' OR service IN (
          'fbainboundtransportationfee', 'fbainboundtransportationprogramfee', 'inboundtransportationfee', 'fbaamazonpartneredcarriershipmentfee',
          'inventoryplacementservicefee', 'fbainventoryplacementservicefee', 'fbainboundplacementservicefee', 'fbainboundconveniencefee',
          'manualprocessingfee', 'warehouseprep', 'fbainternationalfreightshippingcharge', 'fbainternationalfreightdutiesandtaxescharge'
        ) THEN 'inbound'
      WHEN service LIKE 'returnpostagebilling%' OR service LIKE 'postagebilling%'
        OR service IN ('shippinglabelpurchase', 'shippinglabelpurchaseforreturn', 'carriershippinglabeladjustments', 'shippingservices', 'mfnpostagefee')
        THEN 'shipping_labels'
      WHEN transaction_key IN ('couponredemptionfee', 'lightningdealfee', 'dealfee', 'vineenrollmentfee', 'sellerreviewenrollmentpayment')
        OR service IN ('couponredemptionfee', 'couponparticipationfee', 'couponperformancefee', 'lightningdealfee', 'dealfee', 'dealparticipationfee',
          'dealperformancefee', 'vineenrollmentfee', 'reviewenrollmentfee', 'earlyreviewerprogramfee') THEN 'marketing'
      WHEN transaction_key IN ('feeadjustment', 'gradeandresellfees', 'imagingservices')
        OR type_key IN ('amazonwarehousing&distribution(awd)', 'gradeandresellcharge') OR type_key LIKE 'fbacustomerreturnsfee%'
        OR type_key LIKE 'fbainventoryfee%' OR service IN (
          'paidservicesfee', 'premiumservicesfee', 'highvolumelisting', 'highvolumelistingfee', 'inventorystorageoveragefee', 'lowinventorylevelfee',
          'commissioncorrection', 'feeadjustment', 'overpaidfeesadjustment', 'nonsubscriptionfeeadj', 'nonsubscriptionfeeadjustment', 'digitalservicesfee',
          'fbacustomerreturnperunitfee', 'fbacustomerreturnperorderfee', 'fbacustomerreturnweightbasedfee'
        ) THEN 'other'
    END AS known_fee
  FROM services
),
judged AS (
  SELECT
    fees.*,
    CASE
      -- A row with units alone, in the older layout.
      WHEN type_key = 'itemprice' AND description_key = '' THEN CASE WHEN is_refund THEN 'refunds' ELSE 'sales' END
      WHEN type_key IN ('itemwithheldtax', 'itemtcs', 'itemtds', 'tax', 'taxwithheld') OR transaction_key IN ('tax', 'comminglingvat', 'incometaxcharged')
        THEN 'tax'
      WHEN type_key = 'itemprice' AND (description_key IN ('tax', 'shippingtax', 'giftwraptax', 'giftwrapvat', 'itemtax', 'vat', 'shippingvat', 'codtax', 'codshippingtax',
          'coditemtax', 'codordertax', 'basetax')
        OR description_key LIKE 'lowvaluegoods%' OR description_key LIKE 'marketplacefacilitator%' OR description_key LIKE 'tcs%')
        THEN 'tax'
      WHEN is_item_fee AND (description_key LIKE 'marketplacefacilitator%' OR description_key LIKE 'lowvaluegoods%' OR description_key LIKE 'tcs%')
        THEN 'tax'
      WHEN type_key = 'promotion' AND description_key = 'taxdiscount' THEN 'tax'
      WHEN type_key IN ('directpayment', 'microdeposit') OR service IN ('currentreserveamount', 'previousreserveamountbalance', 'payabletoamazon',
          'successfulcharge', 'failedcharge', 'microdeposit', 'debtadjustment') OR service LIKE 'transferoffunds%' OR transaction_key = 'debtadjustment'
        THEN 'transfers'
      WHEN type_key IN ('itemprice', 'promotion') AND is_refund THEN 'refunds'
      WHEN type_key = 'itemprice' AND description_key = 'principal' THEN 'sales'
      WHEN type_key = 'itemprice' AND description_key IN ('shipping', 'shippingcharge', 'giftwrap', 'giftwrapcharge') THEN 'shipping'
      WHEN type_key = 'promotion' OR type_key LIKE 'costofpoints%' THEN 'promotions'
      WHEN type_key LIKE 'fbainventoryreimbursement%' OR type_key LIKE '%reimbursement' OR transaction_key LIKE '%reimbursement' OR service IN (
          'reversalreimbursement', 'warehousedamage', 'warehousedamageexception', 'warehouselost', 'warehouselostmanual', 'missingfrominbound',
          'missingfrominboundclawback', 'compensatedclawback', 'freereplacementrefunditems', 'incorrectfeesitems', 'incorrectfeesnonitemized',
          'cserroritems', 'cserrornonitemized', 'removalorderlost', 'multichannelorderlost', 'refundreimbursal', 'reevaluation',
          'a2zguaranteerecovery', 'chargebackrecovery', 'safetreimbursement'
        ) THEN 'reimbursements'
      WHEN type_key IN ('costofadvertising', 'amazonads') OR service IN ('costofadvertising', 'sponsoredproductscharges', 'sponsoredbrandscharges')
        THEN 'advertising'
      WHEN known_fee IS NOT NULL OR is_item_fee OR type_key IN ('amazonfees', 'fbafees') THEN 'fees'
    END AS known_kind
  FROM fees
),
classified AS (
  SELECT
    of_transaction, of_type, of_description,
    COALESCE(known_kind, CASE WHEN type_key LIKE '%fee' OR type_key LIKE '%fees' OR service LIKE '%fee' OR transaction_key LIKE '%fee' THEN 'fees' ELSE 'other' END) AS kind,
    CASE
      WHEN known_kind = 'fees' THEN COALESCE(known_fee, CASE WHEN is_item_fee THEN 'item' ELSE 'other' END)
      WHEN known_kind IS NULL AND (type_key LIKE '%fee' OR type_key LIKE '%fees' OR service LIKE '%fee' OR transaction_key LIKE '%fee') THEN 'other'
    END AS fee,
    CASE WHEN known_kind IS NOT NULL AND (known_kind <> 'fees' OR known_fee IS NOT NULL OR is_item_fee) THEN 1 ELSE 0 END AS known,
    CASE
      WHEN type_key <> 'itemprice' OR description_key NOT IN ('principal', '') THEN NULL
      WHEN is_refund THEN 'refunded'
      WHEN transaction_key = 'order' THEN 'sold'
    END AS units_of
  FROM judged
),
-- Grouped, although each type is there once: warehouses then compute the kind before they filter by it, instead of for each filter again.
kinds AS (
  SELECT of_transaction, of_type, of_description, MAX(kind) AS kind, MAX(fee) AS fee, MAX(known) = 1 AS is_known, MAX(units_of) AS units_of
  FROM classified
  GROUP BY of_transaction, of_type, of_description
),
summaries AS (
  SELECT _seller_id, settlement_id, MAX(currency) AS currency, MIN(marketplace_name) AS first_name, MAX(marketplace_name) AS last_name
  FROM (
    SELECT _seller_id, settlement_id, currency, CASE WHEN marketplace_name LIKE 'Amazon.%' THEN marketplace_name END AS marketplace_name FROM settlement_v2
    UNION ALL
    SELECT _seller_id, settlement_id, currency, CASE WHEN marketplace_name LIKE 'Amazon.%' THEN marketplace_name END FROM settlement_v1
  ) AS both_layouts
  GROUP BY _seller_id, settlement_id
),
zones AS (
  SELECT LOWER(marketplace_name) AS name, time_zone FROM marketplace_facts
),
days AS (
  SELECT
    lines.*,
    kind, fee, is_known, units_of,
    summaries.currency AS currency,
    COALESCE(CAST(posted_at AS DATE), posted_date) AS posted_on,
    COALESCE(LOCAL_DATE(posted_at, COALESCE(own.time_zone, theirs.time_zone)), CAST(posted_at AS DATE), posted_date) AS posted_on_local
  FROM lines
  JOIN kinds
    ON of_transaction = COALESCE(transaction_type, '') AND of_type = COALESCE(amount_type, '') AND of_description = COALESCE(amount_description, '')
  LEFT JOIN summaries ON summaries._seller_id = lines._seller_id AND summaries.settlement_id = lines.settlement_id
  LEFT JOIN zones AS own ON own.name = LOWER(lines.marketplace_name)
  LEFT JOIN zones AS theirs ON theirs.name = LOWER(summaries.first_name) AND summaries.first_name = summaries.last_name
  WHERE amount IS NOT NULL OR quantity IS NOT NULL
),
reporting AS (
  SELECT MAX(reporting_currency) AS reporting_currency FROM exchange_rates
),
rates AS (
  SELECT date AS rate_date, currency, MAX(rate) AS rate
  FROM exchange_rates
  JOIN reporting ON reporting.reporting_currency = exchange_rates.reporting_currency
  GROUP BY date, currency
)
SELECT
  days._seller_id AS seller_id,
  settlement_id,
  days.currency AS currency,
  marketplace_name,
  order_id,
  sku,
  CASE WHEN UPPER(fulfillment_id) IN ('AFN', 'MFN') THEN UPPER(fulfillment_id) END AS fulfillment,
  posted_on,
  posted_on_local,
  transaction_type,
  amount_type,
  amount_description,
  kind,
  fee,
  is_known,
  COALESCE(amount, 0) AS amount,
  CASE WHEN units_of = 'sold' THEN quantity END AS units_sold,
  CASE WHEN units_of = 'refunded' THEN quantity END AS units_refunded,
  reporting.reporting_currency AS reporting_currency,
  CASE WHEN days.currency = reporting.reporting_currency THEN COALESCE(amount, 0) ELSE ROUND(COALESCE(amount, 0) * rate, 4) END AS reporting_amount
FROM days
CROSS JOIN reporting
LEFT JOIN rates ON rate_date = posted_on_local AND rates.currency = days.currency
