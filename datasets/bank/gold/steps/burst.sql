-- step: burst
-- grain: event_id
-- inputs: silver.bank_transaction
-- refresh: whole
-- purpose: transactions that are one of three or more of their customer within ten minutes, the first and the last included.
WITH neighbours AS (
  SELECT
    event_id, transaction_at,
    lag(transaction_at, 2) OVER (PARTITION BY customer_id ORDER BY transaction_at, event_id) AS second_before,
    lag(transaction_at) OVER (PARTITION BY customer_id ORDER BY transaction_at, event_id) AS one_before,
    lead(transaction_at) OVER (PARTITION BY customer_id ORDER BY transaction_at, event_id) AS one_after,
    lead(transaction_at, 2) OVER (PARTITION BY customer_id ORDER BY transaction_at, event_id) AS second_after
  FROM silver.bank_transaction
)
SELECT event_id
FROM neighbours
WHERE transaction_at <= second_before + INTERVAL '10' MINUTE
  OR one_after <= one_before + INTERVAL '10' MINUTE
  OR second_after <= transaction_at + INTERVAL '10' MINUTE
