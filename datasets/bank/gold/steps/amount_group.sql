-- step: amount_group
-- grain: basis, group_key, group_band
-- inputs: step compared_amount
-- refresh: whole
-- purpose: the median amount of each group, and how far amounts usually are from it: robust_deviation is the median of the distances
--   to the median, times 1.4826, which makes it a standard deviation where amounts are normal. Exact medians: of an even number the
--   mean of the two in the middle. Only groups that can judge: 10 transactions or more of a customer, 30 or more of others, and a
--   deviation above 0.
WITH placed AS (
  SELECT
    basis, group_key, group_band, amount,
    row_number() OVER (PARTITION BY basis, group_key, group_band ORDER BY amount) AS place,
    count(*) OVER (PARTITION BY basis, group_key, group_band) AS transactions
  FROM compared_amount
),
middle AS (
  SELECT basis, group_key, group_band, transactions, (min(amount) + max(amount)) / 2E0 AS median_amount
  FROM placed
  WHERE place * 2 BETWEEN transactions AND transactions + 2
  GROUP BY basis, group_key, group_band, transactions
  HAVING transactions >= 30 OR (basis = 'customer' AND transactions >= 10)
),
distant AS (
  SELECT
    middle.basis, middle.group_key, middle.group_band, middle.transactions, middle.median_amount,
    abs(compared_amount.amount - middle.median_amount) AS distance,
    row_number() OVER (PARTITION BY middle.basis, middle.group_key, middle.group_band ORDER BY abs(compared_amount.amount - middle.median_amount)) AS place
  FROM middle
  JOIN compared_amount ON compared_amount.basis = middle.basis AND compared_amount.group_key = middle.group_key AND compared_amount.group_band = middle.group_band
)
SELECT basis, group_key, group_band, transactions, median_amount, 1.4826E0 * ((min(distance) + max(distance)) / 2E0) AS robust_deviation
FROM distant
WHERE place * 2 BETWEEN transactions AND transactions + 2
GROUP BY basis, group_key, group_band, transactions, median_amount
HAVING max(distance) > 0
