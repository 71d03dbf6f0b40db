-- analysis: suspicious_days
-- grain: event_date
-- inputs: gold.transactions_by_day, gold.suspicious_transaction
-- purpose: of each day from $since to $until, how many transactions the rules have found, and their share of all
WITH suspicious AS (
  SELECT
    event_date,
    count(*) AS suspicious,
    sum(CASE WHEN rules IN ('amount', 'amount, burst') THEN 1 ELSE 0 END) AS by_amount,
    sum(CASE WHEN rules IN ('burst', 'amount, burst') THEN 1 ELSE 0 END) AS by_burst
  FROM gold.suspicious_transaction
  WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  GROUP BY event_date
)
SELECT
  day.event_date, day.transactions, day.amount,
  coalesce(suspicious.suspicious, 0) AS suspicious,
  coalesce(suspicious.by_amount, 0) AS by_amount,
  coalesce(suspicious.by_burst, 0) AS by_burst,
  round(CAST(coalesce(suspicious.suspicious, 0) AS DOUBLE) / day.transactions, 4) AS share
FROM gold.transactions_by_day AS day
LEFT JOIN suspicious ON suspicious.event_date = day.event_date
WHERE day.event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
ORDER BY day.event_date
