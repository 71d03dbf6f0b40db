-- step: product_path
-- grain: event_date, SKU, user_id
-- inputs: step product_user, silver.user_action
-- key: user_id
-- dates: event_date
-- purpose: how far each user came with each product on a date, over all platforms: viewed it; clicked it at or after the first view;
--   purchased it at or after the first such click. Users and products that are named, alone.
WITH path AS (
  SELECT
    event_date, SKU, user_id,
    min(first_view_at) AS first_view_at,
    max(last_click_at) AS last_click_at,
    max(last_purchase_at) AS last_purchase_at
  FROM product_user
  WHERE SKU IS NOT NULL AND user_id IS NOT NULL
  GROUP BY event_date, SKU, user_id
),
clicked AS (
  SELECT action.event_date, action.SKU, action.user_id, min(action.event_datetime) AS click_at
  FROM silver.user_action AS action
  JOIN path ON path.event_date = action.event_date AND path.SKU = action.SKU AND path.user_id = action.user_id
  WHERE action.event_name = 'click'
    AND action.event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
    AND action.event_datetime >= path.first_view_at
    AND path.last_purchase_at >= path.first_view_at
  GROUP BY action.event_date, action.SKU, action.user_id
)
SELECT
  path.event_date, path.SKU, path.user_id,
  CASE WHEN path.first_view_at IS NOT NULL THEN 1 ELSE 0 END AS reached_view,
  CASE WHEN path.last_click_at >= path.first_view_at THEN 1 ELSE 0 END AS reached_click,
  CASE WHEN path.last_purchase_at >= clicked.click_at THEN 1 ELSE 0 END AS reached_purchase
FROM path
LEFT JOIN clicked ON clicked.event_date = path.event_date AND clicked.SKU = path.SKU AND clicked.user_id = path.user_id
