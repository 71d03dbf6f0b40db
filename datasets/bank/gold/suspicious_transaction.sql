-- model: suspicious_transaction
-- grain: event_id
-- inputs: step customer, step amount_group, step burst, silver.bank_transaction
-- refresh: whole
-- purpose: transactions that a rule finds unusual among all that are known: more of them may take one out again, so it is built whole.
--   rules: which have fired, `amount`, `burst` or `amount, burst`.
--   amount: it is more than 6 robust deviations from the median of its group, above or below. The group (basis) is the first of these
--   that can judge: the customer's own history of 10 transactions or more; the transactions of all customers of the same location and
--   age band (as customer_segment has them), 30 or more; all transactions. A group in which more than half of the amounts are equal has
--   no deviation and can't judge. Median and deviation are those of the group with this transaction in it.
--   burst: it is one of three or more transactions of the customer within ten minutes.
--   deviations: by how many robust deviations the amount is above the median; below it, less than 0. Null where no group can judge.
-- check: unique(event_id)
-- check: not_null(event_id, customer_id, transaction_at, rules)
WITH judged AS (
  SELECT
    transaction.event_id, transaction.transaction_id, transaction.customer_id, transaction.transaction_at, transaction.event_date,
    transaction.transaction_amount_inr, customer.location, customer.age_band,
    CAST(transaction.transaction_amount_inr AS DOUBLE) AS amount,
    coalesce(own.basis, near.basis, overall.basis) AS basis,
    coalesce(own.transactions, near.transactions, overall.transactions) AS group_transactions,
    coalesce(own.median_amount, near.median_amount, overall.median_amount) AS median_amount,
    coalesce(own.robust_deviation, near.robust_deviation, overall.robust_deviation) AS robust_deviation,
    CASE WHEN burst.event_id IS NOT NULL THEN 1 ELSE 0 END AS is_burst
  FROM silver.bank_transaction AS transaction
  JOIN customer ON customer.customer_id = transaction.customer_id
  LEFT JOIN amount_group AS own ON own.basis = 'customer' AND own.group_key = transaction.customer_id
  LEFT JOIN amount_group AS near ON near.basis = 'location and age band' AND near.group_key = coalesce(customer.location, '') AND near.group_band = customer.age_band
  LEFT JOIN amount_group AS overall ON overall.basis = 'all'
  LEFT JOIN burst ON burst.event_id = transaction.event_id
),
ruled AS (
  SELECT
    event_id, transaction_id, customer_id, transaction_at, event_date, transaction_amount_inr, location, age_band,
    basis, group_transactions, median_amount, robust_deviation, is_burst, amount,
    CASE WHEN abs(amount - median_amount) > 6E0 * robust_deviation THEN 1 ELSE 0 END AS is_amount
  FROM judged
)
SELECT
  event_id, transaction_id, customer_id, transaction_at, event_date, transaction_amount_inr, location, age_band,
  CASE
    WHEN is_amount = 1 AND is_burst = 1 THEN 'amount, burst'
    WHEN is_amount = 1 THEN 'amount'
    ELSE 'burst'
  END AS rules,
  basis, group_transactions, median_amount, robust_deviation,
  CAST(amount - median_amount AS DOUBLE) / robust_deviation AS deviations
FROM ruled
WHERE is_amount = 1 OR is_burst = 1
