-- step: product_user
-- grain: event_date, platform, SKU, user_id
-- inputs: silver.user_action
-- key: user_id
-- dates: event_date
-- purpose: what each user did with each product on a date and platform: how often, and when. A missing SKU, user or platform is a
--   group of its own, so that every action is in one row. Names are compared as they are: `View` is another action than `view`.
SELECT
  event_date, platform, SKU, user_id,
  count(*) AS actions,
  CAST(sum(CASE WHEN event_name = 'view' THEN 1 ELSE 0 END) AS BIGINT) AS views,
  CAST(sum(CASE WHEN event_name = 'click' THEN 1 ELSE 0 END) AS BIGINT) AS clicks,
  CAST(sum(CASE WHEN event_name = 'purchase' THEN 1 ELSE 0 END) AS BIGINT) AS purchases,
  min(CASE WHEN event_name = 'view' THEN event_datetime END) AS first_view_at,
  max(CASE WHEN event_name = 'click' THEN event_datetime END) AS last_click_at,
  max(CASE WHEN event_name = 'purchase' THEN event_datetime END) AS last_purchase_at,
  max(product_name) AS product_name
FROM silver.user_action
WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
GROUP BY event_date, platform, SKU, user_id
