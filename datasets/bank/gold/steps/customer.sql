-- step: customer
-- grain: customer_id
-- inputs: silver.bank_transaction
-- refresh: whole
-- purpose: what all of a customer's transactions say of the customer. date_of_birth: the greatest that is known, as some rows have none
--   or another one. location: the one of the newest transaction that has one; of equal times the one with the greatest event_id.
--   as_of: the date of the newest transaction of all customers; ages and recency are told at it, so that equal rows give equal gold.
--   age_band: by full years at as_of; `unknown` without a date of birth, or with one that makes an age below 0 or above 110.
WITH counted AS (
  SELECT
    customer_id,
    count(*) AS frequency,
    sum(transaction_amount_inr) AS monetary,
    max(transaction_at) AS last_transaction_at,
    max(event_date) AS last_date,
    max(customer_dob) AS date_of_birth
  FROM silver.bank_transaction
  GROUP BY customer_id
),
located AS (
  SELECT
    customer_id, customer_location,
    row_number() OVER (PARTITION BY customer_id ORDER BY transaction_at DESC, event_id DESC) AS place
  FROM silver.bank_transaction
  WHERE customer_location IS NOT NULL
),
dated AS (
  SELECT max(event_date) AS as_of
  FROM silver.bank_transaction
),
aged AS (
  SELECT
    counted.customer_id, counted.frequency, counted.monetary, counted.last_transaction_at, counted.last_date, counted.date_of_birth, dated.as_of,
    EXTRACT(YEAR FROM dated.as_of) - EXTRACT(YEAR FROM counted.date_of_birth)
      - CASE
          WHEN EXTRACT(MONTH FROM dated.as_of) * 100 + EXTRACT(DAY FROM dated.as_of)
            < EXTRACT(MONTH FROM counted.date_of_birth) * 100 + EXTRACT(DAY FROM counted.date_of_birth) THEN 1
          ELSE 0
        END AS age
  FROM counted
  CROSS JOIN dated
)
SELECT
  aged.customer_id, aged.frequency, aged.monetary, aged.last_transaction_at, aged.last_date, aged.date_of_birth, aged.as_of,
  located.customer_location AS location,
  CASE
    WHEN aged.age IS NULL OR aged.age < 0 OR aged.age > 110 THEN 'unknown'
    WHEN aged.age < 18 THEN 'under 18'
    WHEN aged.age < 25 THEN '18 to 24'
    WHEN aged.age < 35 THEN '25 to 34'
    WHEN aged.age < 45 THEN '35 to 44'
    WHEN aged.age < 55 THEN '45 to 54'
    WHEN aged.age < 65 THEN '55 to 64'
    ELSE '65 and over'
  END AS age_band
FROM aged
LEFT JOIN located ON located.customer_id = aged.customer_id AND located.place = 1
