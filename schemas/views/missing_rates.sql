-- Days and currencies without an exchange rate, with the amounts that could not be converted.
--
-- Tables: settlement_lines, exchange_rates
-- Columns:
--   seller_id: The seller.
--   currency: Currency of the amounts.
--   reporting_currency: The currency into which they are to be converted.
--   day: Day for which there is no rate.
--   lines: How many amounts were posted on that day.
--   amount: Sum of these amounts.
--   last_rate: Newest day for which the currency has a rate; NULL if it has none.
-- Caveats: A day without a published rate has the last one before it, but only until the newest rate in the file: later days wait for the next file.
SELECT
  unconverted.seller_id AS seller_id,
  unconverted.currency AS currency,
  unconverted.reporting_currency AS reporting_currency,
  posted_on_local AS day,
  COUNT(*) AS lines,
  SUM(amount) AS amount,
  MAX(newest.last_rate) AS last_rate
FROM settlement_lines AS unconverted
LEFT JOIN (SELECT currency, MAX(date) AS last_rate FROM exchange_rates GROUP BY currency) AS newest ON newest.currency = unconverted.currency
WHERE reporting_amount IS NULL
GROUP BY unconverted.seller_id, unconverted.currency, unconverted.reporting_currency, posted_on_local
