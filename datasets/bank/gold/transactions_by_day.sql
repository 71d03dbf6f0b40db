-- model: transactions_by_day
-- grain: event_date
-- inputs: silver.bank_transaction
-- purpose: transactions of each day: how many, of how many distinct customers, and of what amounts. Reversals (below 0) count with
--   their sign.
-- lookback: 0 days
-- lookahead: 0 days
-- partition_by: event_date
-- check: unique(event_date)
-- check: not_null(event_date, transactions, customers, amount)
-- check: descending(transactions, customers)
SELECT
  event_date,
  count(*) AS transactions,
  count(DISTINCT customer_id) AS customers,
  sum(transaction_amount_inr) AS amount,
  CAST(sum(transaction_amount_inr) AS DOUBLE) / count(*) AS average_amount,
  max(transaction_amount_inr) AS largest_amount
FROM silver.bank_transaction
WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
GROUP BY event_date
