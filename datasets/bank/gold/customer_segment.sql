-- model: customer_segment
-- grain: customer_id
-- inputs: step customer
-- refresh: whole
-- purpose: recency, frequency and monetary value of each customer, over all transactions.
--   recency_days: from the customer's last transaction to as_of, the date of the newest transaction of all. frequency: transactions.
--   monetary: the sum of their amounts.
--   The quintiles are five groups of customers of equal size (ntile: where the number can't be divided, the first ones have one more);
--   5 is best: the latest, the most often, the most money. Most customers have a frequency that others have too, so equal ones are put in
--   order by the other two values and at last by customer_id: recency by last transaction, frequency, monetary; frequency by frequency,
--   monetary, last transaction; monetary by monetary, frequency, last transaction.
--   segment: the first of these rules that holds:
--   champions: all three quintiles 4 or 5. loyal: frequency 4 or 5, recency 3 or more. at_risk: frequency 4 or 5.
--   new: recency 4 or 5, one transaction. promising: recency 4 or 5. big_spenders: monetary 5. lost: recency and frequency 1 or 2.
--   needs_attention: all others.
-- check: unique(customer_id)
-- check: not_null(customer_id, recency_days, frequency, recency_quintile, frequency_quintile, monetary_quintile, age_band, segment)
WITH ranked AS (
  SELECT
    customer_id, location, age_band, frequency, monetary, last_date, as_of,
    date_diff('day', last_date, as_of) AS recency_days,
    ntile(5) OVER (ORDER BY last_transaction_at, frequency, monetary, customer_id) AS recency_quintile,
    ntile(5) OVER (ORDER BY frequency, monetary, last_transaction_at, customer_id) AS frequency_quintile,
    ntile(5) OVER (ORDER BY monetary, frequency, last_transaction_at, customer_id) AS monetary_quintile
  FROM customer
)
SELECT
  customer_id, recency_days, frequency, monetary, recency_quintile, frequency_quintile, monetary_quintile,
  CASE
    WHEN recency_quintile >= 4 AND frequency_quintile >= 4 AND monetary_quintile >= 4 THEN 'champions'
    WHEN frequency_quintile >= 4 AND recency_quintile >= 3 THEN 'loyal'
    WHEN frequency_quintile >= 4 THEN 'at_risk'
    WHEN recency_quintile >= 4 AND frequency = 1 THEN 'new'
    WHEN recency_quintile >= 4 THEN 'promising'
    WHEN monetary_quintile = 5 THEN 'big_spenders'
    WHEN recency_quintile <= 2 AND frequency_quintile <= 2 THEN 'lost'
    ELSE 'needs_attention'
  END AS segment,
  age_band, location, last_date, as_of
FROM ranked
