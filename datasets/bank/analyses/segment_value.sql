-- analysis: segment_value
-- grain: segment
-- inputs: gold.customer_segment
-- purpose: how many customers each segment has, what they have paid, and their share of all of it
SELECT
  segment,
  count(*) AS customers,
  sum(frequency) AS transactions,
  sum(monetary) AS amount,
  round(CAST(sum(monetary) AS DOUBLE) / count(*), 2) AS amount_per_customer,
  round(CAST(sum(monetary) AS DOUBLE) / nullif(CAST(sum(sum(monetary)) OVER () AS DOUBLE), 0), 4) AS share_of_amount
FROM gold.customer_segment
GROUP BY segment
ORDER BY amount DESC, segment
