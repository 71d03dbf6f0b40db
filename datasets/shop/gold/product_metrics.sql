-- model: product_metrics
-- grain: event_date, platform, item_id
-- inputs: step product_event, step product_user
-- purpose: how much each product is seen, viewed and bought, a day and platform
-- lookback: 1 day and 30 minutes
-- lookahead: 1 day
-- partition_by: event_date, platform
-- check: unique(event_date, platform, item_id)
-- check: not_null(event_date, platform, item_id)
-- check: descending(views, viewers)
-- check: descending(purchases, purchasers)
-- check: row_count(0.02, 50)
WITH by_name AS (
  SELECT
    event_date, platform, item_id, item_name,
    count(list_position) AS impressions,
    sum(list_position) AS position_sum,
    sum(views) AS views,
    sum(checkouts) AS checkouts,
    sum(purchases) AS purchases,
    sum(CAST(quantity AS DECIMAL(38, 0))) AS quantity,
    sum(revenue) AS revenue,
    max(event_timestamp) AS named_at
  FROM product_event
  GROUP BY event_date, platform, item_id, item_name
),
counted AS (
  SELECT
    event_date, platform, item_id,
    sum(impressions) AS impressions,
    coalesce(sum(position_sum), 0) AS position_sum,
    sum(views) AS views,
    sum(checkouts) AS checkouts,
    sum(purchases) AS purchases,
    sum(quantity) AS quantity,
    sum(revenue) AS revenue
  FROM by_name
  GROUP BY event_date, platform, item_id
),
named AS (
  SELECT event_date, platform, item_id, item_name
  FROM (
    SELECT
      event_date, platform, item_id, item_name,
      row_number() OVER (PARTITION BY event_date, platform, item_id ORDER BY named_at DESC, item_name DESC) AS place
    FROM by_name
    WHERE item_name IS NOT NULL
  ) AS ranked
  WHERE place = 1
),
users AS (
  SELECT
    event_date, platform, item_id,
    sum(CASE WHEN sessions_viewed > 0 THEN 1 ELSE 0 END) AS viewers,
    sum(CASE WHEN sessions_purchased > 0 THEN 1 ELSE 0 END) AS purchasers,
    sum(sessions_viewed) AS sessions_viewed,
    sum(sessions_purchased) AS sessions_purchased
  FROM product_user
  GROUP BY event_date, platform, item_id
)
SELECT
  counted.event_date, counted.platform, counted.item_id,
  CAST(counted.impressions AS BIGINT) AS impressions,
  CAST(counted.position_sum AS BIGINT) AS position_sum,
  CAST(counted.views AS BIGINT) AS views,
  CAST(counted.checkouts AS BIGINT) AS checkouts,
  CAST(counted.purchases AS BIGINT) AS purchases,
  CAST(coalesce(users.viewers, 0) AS BIGINT) AS viewers,
  CAST(coalesce(users.purchasers, 0) AS BIGINT) AS purchasers,
  CAST(coalesce(users.sessions_viewed, 0) AS BIGINT) AS sessions_viewed,
  CAST(coalesce(users.sessions_purchased, 0) AS BIGINT) AS sessions_purchased,
  CAST(CASE WHEN counted.quantity > 9223372036854775807 THEN 9223372036854775807 ELSE counted.quantity END AS BIGINT) AS quantity,
  CAST(counted.revenue AS DECIMAL(38, 4)) AS revenue,
  CAST(counted.position_sum AS DOUBLE) / nullif(counted.impressions, 0) AS avg_position,
  CAST(counted.purchases AS DOUBLE) / nullif(counted.views, 0) AS view_to_purchase_rate,
  CAST(users.purchasers AS DOUBLE) / nullif(users.viewers, 0) AS user_purchase_rate,
  named.item_name
FROM counted
LEFT JOIN named ON named.event_date = counted.event_date AND named.platform = counted.platform AND named.item_id = counted.item_id
LEFT JOIN users ON users.event_date = counted.event_date AND users.platform = counted.platform AND users.item_id = counted.item_id
