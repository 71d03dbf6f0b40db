-- analysis: ctr_by_day
-- grain: day, platform
-- inputs: gold.product_second
-- purpose: views, purchases and purchases per view of each day on clocks of GMT-03:00, from the first date to the last, both included
SELECT
  CAST(second - INTERVAL 3 HOUR AS DATE) AS day,
  platform,
  CAST(sum(product_views) AS BIGINT) AS product_views,
  CAST(sum(purchases) AS BIGINT) AS purchases,
  round(CAST(sum(purchases) AS DOUBLE) / nullif(CAST(sum(product_views) AS DOUBLE), 0), 4) AS ctr
FROM gold.product_second
WHERE CAST(second - INTERVAL 3 HOUR AS DATE) BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
GROUP BY day, platform
ORDER BY day, platform
