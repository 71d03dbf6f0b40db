-- analysis: top_products
-- grain: product
-- inputs: gold.product_second
-- purpose: the products that turn views into purchases best, over the days from the first to the last on clocks of GMT-03:00: ranked by
--   the lower bound of Wilson's 95 % interval, so that three lucky views do not win
WITH product AS (
  SELECT product, CAST(sum(product_views) AS DOUBLE) AS views, CAST(sum(purchases) AS DOUBLE) AS bought
  FROM gold.product_second
  WHERE CAST(second - INTERVAL 3 HOUR AS DATE) BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  GROUP BY product
),
rated AS (
  SELECT product, views, bought, least(bought / views, 1) AS rate
  FROM product
  WHERE views > 0
)
SELECT
  product,
  CAST(views AS BIGINT) AS product_views,
  CAST(bought AS BIGINT) AS purchases,
  round(bought / views, 4) AS ctr,
  round((rate + 1.9208 / views - 1.96 * sqrt((rate * (1 - rate) + 0.9604 / views) / views)) / (1 + 3.8416 / views), 4) AS lower_bound
FROM rated
ORDER BY lower_bound DESC, views DESC, product
LIMIT 20
