-- model: product_metrics
-- grain: event_date, platform, item_id
-- inputs: step session_item
-- purpose: how much each product is seen, viewed and bought, a day and platform
-- lookback: 1 day and 30 minutes
-- lookahead: 1 day
-- partition_by: event_date, platform
-- check: unique(event_date, platform, item_id)
-- check: not_null(event_date, platform, item_id)
-- check: descending(views, viewers)
-- check: descending(purchases, purchasers)
-- check: row_count(0.02, 50)
WITH counted AS (
  SELECT
    event_date, platform, item_id,
    sum(CASE WHEN event_name = 'view_item_list' THEN 1 ELSE 0 END) AS impressions,
    sum(CASE WHEN event_name = 'view_item_list' THEN item_index + 1 ELSE 0 END) AS position_sum,
    sum(CASE WHEN event_name = 'view_item' THEN 1 ELSE 0 END) AS views,
    sum(CASE WHEN event_name = 'begin_checkout' THEN 1 ELSE 0 END) AS checkouts,
    sum(CASE WHEN event_name = 'purchase' AND NOT is_echo THEN 1 ELSE 0 END) AS purchases,
    count(DISTINCT CASE WHEN event_name = 'view_item' THEN user_id END) AS viewers,
    count(DISTINCT CASE WHEN event_name = 'purchase' AND NOT is_echo THEN user_id END) AS purchasers,
    count(DISTINCT CASE WHEN event_name = 'view_item' THEN session_id END) AS sessions_viewed,
    count(DISTINCT CASE WHEN event_name = 'purchase' AND NOT is_echo THEN session_id END) AS sessions_purchased,
    sum(CASE WHEN event_name = 'purchase' AND NOT is_echo THEN quantity ELSE 0 END) AS quantity,
    sum(CASE WHEN event_name = 'purchase' AND NOT is_echo THEN revenue ELSE 0 END) AS revenue
  FROM session_item
  WHERE item_id IS NOT NULL AND event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  GROUP BY event_date, platform, item_id
),
name_at AS (
  SELECT event_date, platform, item_id, item_name, max(event_timestamp) AS named_at
  FROM session_item
  WHERE item_id IS NOT NULL AND item_name IS NOT NULL AND event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  GROUP BY event_date, platform, item_id, item_name
),
named AS (
  SELECT event_date, platform, item_id, item_name
  FROM (
    SELECT
      event_date, platform, item_id, item_name,
      row_number() OVER (PARTITION BY event_date, platform, item_id ORDER BY named_at DESC, item_name DESC) AS place
    FROM name_at
  ) AS ranked
  WHERE place = 1
)
SELECT
  counted.event_date, counted.platform, counted.item_id,
  CAST(counted.impressions AS BIGINT) AS impressions,
  CAST(counted.position_sum AS BIGINT) AS position_sum,
  CAST(counted.views AS BIGINT) AS views,
  CAST(counted.checkouts AS BIGINT) AS checkouts,
  CAST(counted.purchases AS BIGINT) AS purchases,
  counted.viewers,
  counted.purchasers,
  counted.sessions_viewed,
  counted.sessions_purchased,
  CAST(least(counted.quantity, 9223372036854775807) AS BIGINT) AS quantity,
  CAST(counted.revenue AS DECIMAL(38, 4)) AS revenue,
  CAST(counted.position_sum AS DOUBLE) / nullif(counted.impressions, 0) AS avg_position,
  CAST(counted.purchases AS DOUBLE) / nullif(counted.views, 0) AS view_to_purchase_rate,
  CAST(counted.purchasers AS DOUBLE) / nullif(counted.viewers, 0) AS user_purchase_rate,
  named.item_name
FROM counted
LEFT JOIN named ON named.event_date = counted.event_date AND named.platform = counted.platform AND named.item_id = counted.item_id
