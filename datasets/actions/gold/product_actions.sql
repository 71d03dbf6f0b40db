-- model: product_actions
-- grain: event_date, platform, SKU
-- inputs: step product_user
-- purpose: actions per product, a day and platform. Every action of silver counts once: those without a SKU or platform under null,
--   those that are no view, click or purchase among `other_actions`. Users are distinct ones; an action without a user adds none.
-- lookback: 0 days
-- lookahead: 0 days
-- partition_by: event_date, platform
-- check: unique(event_date, platform, SKU)
-- check: not_null(event_date, actions, users)
-- check: descending(actions, users)
-- check: descending(views, viewers)
-- check: descending(clicks, clickers)
-- check: descending(purchases, purchasers)
-- check: row_count(0.02, 50)
SELECT
  event_date, platform, SKU,
  CAST(sum(actions) AS BIGINT) AS actions,
  CAST(sum(views) AS BIGINT) AS views,
  CAST(sum(clicks) AS BIGINT) AS clicks,
  CAST(sum(purchases) AS BIGINT) AS purchases,
  CAST(sum(actions - views - clicks - purchases) AS BIGINT) AS other_actions,
  count(user_id) AS users,
  count(CASE WHEN views > 0 THEN user_id END) AS viewers,
  count(CASE WHEN clicks > 0 THEN user_id END) AS clickers,
  count(CASE WHEN purchases > 0 THEN user_id END) AS purchasers,
  CAST(sum(clicks) AS DOUBLE) / nullif(CAST(sum(views) AS DOUBLE), 0) AS clicks_per_view,
  CAST(sum(purchases) AS DOUBLE) / nullif(CAST(sum(views) AS DOUBLE), 0) AS purchases_per_view,
  max(product_name) AS product_name
FROM product_user
WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
GROUP BY event_date, platform, SKU
