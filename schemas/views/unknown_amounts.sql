-- Types of amounts in settlements that the program does not know, with what they add up to.
--
-- Tables: settlement_lines
-- Columns:
--   seller_id: The seller.
--   transaction_type: As in the settlement.
--   amount_type: As in the settlement.
--   amount_description: As in the settlement.
--   kind: The kind in which the amounts are counted: fees if the type says so, otherwise other.
--   currency: Currency of the amounts.
--   lines: How many amounts there are.
--   amount: What they add up to.
--   first_day: First day on which one was posted, in UTC.
--   last_day: Last day on which one was posted, in UTC.
-- Caveats: Nothing is left out of profits because its type is unknown. Settlements in languages other than English have other types.
SELECT
  seller_id,
  transaction_type,
  amount_type,
  amount_description,
  kind,
  currency,
  COUNT(*) AS lines,
  SUM(amount) AS amount,
  MIN(posted_on) AS first_day,
  MAX(posted_on) AS last_day
FROM settlement_lines
WHERE NOT is_known
GROUP BY seller_id, transaction_type, amount_type, amount_description, kind, currency
