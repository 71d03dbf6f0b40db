-- model: list_metrics
-- grain: event_date, platform, item_list_id
-- inputs: step list_user
-- purpose: how much each list is seen, clicked and bought from, a day and platform
-- lookback: 1 day and 30 minutes
-- lookahead: 1 day
-- partition_by: event_date, platform
-- check: unique(event_date, platform, item_list_id)
-- check: not_null(event_date, platform, item_list_id)
-- check: ratio(bounce_rate)
-- check: descending(impressions, list_views)
-- check: descending(clicks, unique_clicks)
-- check: row_count(0.02, 50)
WITH counted AS (
  SELECT
    event_date, platform, list_key AS item_list_id,
    sum(list_views) AS list_views,
    sum(impressions) AS impressions,
    sum(CASE WHEN impressions > 0 THEN 1 ELSE 0 END) AS viewers,
    sum(clicks) AS clicks,
    sum(unique_clicks) AS unique_clicks,
    sum(CASE WHEN clicks > 0 THEN 1 ELSE 0 END) AS clickers,
    sum(checkouts) AS checkouts,
    sum(purchases) AS purchases,
    sum(CASE WHEN purchases > 0 THEN 1 ELSE 0 END) AS purchasers,
    sum(revenue) AS revenue,
    sum(entries) AS entries,
    sum(bounces) AS bounces,
    max(item_list_name) AS item_list_name
  FROM list_user
  GROUP BY event_date, platform, list_key
)
SELECT
  event_date, platform, item_list_id,
  CAST(list_views AS BIGINT) AS list_views,
  CAST(impressions AS BIGINT) AS impressions,
  CAST(viewers AS BIGINT) AS viewers,
  CAST(clicks AS BIGINT) AS clicks,
  CAST(unique_clicks AS BIGINT) AS unique_clicks,
  CAST(clickers AS BIGINT) AS clickers,
  CAST(checkouts AS BIGINT) AS checkouts,
  CAST(purchases AS BIGINT) AS purchases,
  CAST(purchasers AS BIGINT) AS purchasers,
  CAST(revenue AS DECIMAL(38, 4)) AS revenue,
  CAST(entries AS BIGINT) AS entries,
  CAST(bounces AS BIGINT) AS bounces,
  CAST(clicks AS DOUBLE) / nullif(impressions, 0) AS ctr,
  CAST(clickers AS DOUBLE) / nullif(viewers, 0) AS user_ctr,
  CAST(bounces AS DOUBLE) / nullif(entries, 0) AS bounce_rate,
  item_list_name
FROM counted
