-- analysis: products_per_user
-- grain: products
-- inputs: silver.user_profile, silver.user_product
-- purpose: how many users, created from $since to $until, have how many products
WITH profile AS (
  SELECT
    event_id, user_id,
    row_number() OVER (PARTITION BY user_id ORDER BY CASE WHEN updated_at IS NULL THEN 1 ELSE 0 END, updated_at DESC, event_id DESC) AS place
  FROM silver.user_profile
  WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
),
owned AS (
  SELECT profile.user_id, count(product.event_id) AS products
  FROM profile
  LEFT JOIN silver.user_product AS product ON product.event_id = profile.event_id
  WHERE profile.place = 1
  GROUP BY profile.user_id
)
SELECT products, count(*) AS users
FROM owned
GROUP BY products
ORDER BY products
