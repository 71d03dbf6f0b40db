-- step: compared_amount
-- grain: event_id, basis
-- inputs: step customer, silver.bank_transaction
-- refresh: whole
-- purpose: every amount once for each group that it may be compared with: the customer's own history, where that has 10 transactions or
--   more; those of customers of the same location and age band; all. group_key and group_band name the group within its basis.
--   A customer without a location is in the group without one.
SELECT event_id, 'customer' AS basis, transaction.customer_id AS group_key, '' AS group_band, CAST(transaction_amount_inr AS DOUBLE) AS amount
FROM silver.bank_transaction AS transaction
JOIN customer ON customer.customer_id = transaction.customer_id
WHERE customer.frequency >= 10
UNION ALL
SELECT event_id, 'location and age band' AS basis, coalesce(customer.location, '') AS group_key, customer.age_band AS group_band, CAST(transaction_amount_inr AS DOUBLE) AS amount
FROM silver.bank_transaction AS transaction
JOIN customer ON customer.customer_id = transaction.customer_id
UNION ALL
SELECT event_id, 'all' AS basis, '' AS group_key, '' AS group_band, CAST(transaction_amount_inr AS DOUBLE) AS amount
FROM silver.bank_transaction
