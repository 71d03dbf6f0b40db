-- analysis: products_and_scores
-- grain: product_type
-- inputs: silver.user_profile, silver.user_product
-- purpose: of users created from $since to $until, how many have a product of each type, and their mean and lowest score
WITH profile AS (
  SELECT
    event_id, user_id, score_score,
    row_number() OVER (PARTITION BY user_id ORDER BY CASE WHEN updated_at IS NULL THEN 1 ELSE 0 END, updated_at DESC, event_id DESC) AS place
  FROM silver.user_profile
  WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
),
owner AS (
  SELECT DISTINCT product.productType AS product_type, profile.user_id, profile.score_score
  FROM profile
  JOIN silver.user_product AS product ON product.event_id = profile.event_id
  WHERE profile.place = 1
)
SELECT
  product_type,
  count(*) AS users,
  round(CAST(sum(score_score) AS DOUBLE) / nullif(count(score_score), 0), 1) AS mean_score,
  min(score_score) AS lowest_score
FROM owner
GROUP BY product_type
ORDER BY users DESC, product_type
