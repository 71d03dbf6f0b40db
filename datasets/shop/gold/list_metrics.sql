-- model: list_metrics
-- grain: event_date, platform, item_list_id
-- inputs: step session_item, step click, step conversion, step session_total
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
WITH fact AS (
  SELECT
    event_date, platform, list_key, user_id, event_id, item_list_name,
    CAST(NULL AS VARCHAR) AS session_item_key, 'impression' AS fact, CAST(0 AS DECIMAL(38, 4)) AS revenue, 0 AS is_bounce
  FROM session_item
  WHERE event_name = 'view_item_list' AND list_key IS NOT NULL
    AND event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  UNION ALL
  SELECT
    event_date, platform, list_key, user_id, event_id, CAST(NULL AS VARCHAR) AS item_list_name,
    session_id || coalesce(item_id, '') AS session_item_key, 'click' AS fact, CAST(0 AS DECIMAL(38, 4)) AS revenue, 0 AS is_bounce
  FROM click
  WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  UNION ALL
  SELECT
    event_date, platform, list_key, user_id, event_id, CAST(NULL AS VARCHAR) AS item_list_name,
    CAST(NULL AS VARCHAR) AS session_item_key, event_name AS fact, CAST(revenue AS DECIMAL(38, 4)) AS revenue, 0 AS is_bounce
  FROM conversion
  WHERE list_key IS NOT NULL AND event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  UNION ALL
  SELECT
    entry.session_date AS event_date, entry.platform, entry.list_key, entry.user_id, CAST(NULL AS VARCHAR) AS event_id, CAST(NULL AS VARCHAR) AS item_list_name,
    CAST(NULL AS VARCHAR) AS session_item_key, 'entry' AS fact, CAST(0 AS DECIMAL(38, 4)) AS revenue,
    CASE WHEN session_total.events = 1 THEN 1 ELSE 0 END AS is_bounce
  FROM (
    SELECT DISTINCT session_id, session_date, platform, user_id, list_key
    FROM session_item
    WHERE event_name = 'view_item_list' AND list_key IS NOT NULL AND event_timestamp = session_started_at
      AND session_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  ) AS entry
  JOIN session_total ON session_total.session_id = entry.session_id
),
counted AS (
  SELECT
    event_date, platform, list_key AS item_list_id,
    count(DISTINCT CASE WHEN fact = 'impression' THEN event_id END) AS list_views,
    sum(CASE WHEN fact = 'impression' THEN 1 ELSE 0 END) AS impressions,
    count(DISTINCT CASE WHEN fact = 'impression' THEN user_id END) AS viewers,
    sum(CASE WHEN fact = 'click' THEN 1 ELSE 0 END) AS clicks,
    count(DISTINCT session_item_key) AS unique_clicks,
    count(DISTINCT CASE WHEN fact = 'click' THEN user_id END) AS clickers,
    sum(CASE WHEN fact = 'begin_checkout' THEN 1 ELSE 0 END) AS checkouts,
    sum(CASE WHEN fact = 'purchase' THEN 1 ELSE 0 END) AS purchases,
    count(DISTINCT CASE WHEN fact = 'purchase' THEN user_id END) AS purchasers,
    sum(CASE WHEN fact = 'purchase' THEN revenue ELSE 0 END) AS revenue,
    sum(CASE WHEN fact = 'entry' THEN 1 ELSE 0 END) AS entries,
    sum(is_bounce) AS bounces,
    max(item_list_name) AS item_list_name
  FROM fact
  GROUP BY event_date, platform, list_key
)
SELECT
  event_date, platform, item_list_id,
  list_views,
  CAST(impressions AS BIGINT) AS impressions,
  viewers,
  CAST(clicks AS BIGINT) AS clicks,
  unique_clicks,
  clickers,
  CAST(checkouts AS BIGINT) AS checkouts,
  CAST(purchases AS BIGINT) AS purchases,
  purchasers,
  CAST(revenue AS DECIMAL(38, 4)) AS revenue,
  CAST(entries AS BIGINT) AS entries,
  CAST(bounces AS BIGINT) AS bounces,
  CAST(clicks AS DOUBLE) / nullif(impressions, 0) AS ctr,
  CAST(clickers AS DOUBLE) / nullif(viewers, 0) AS user_ctr,
  CAST(bounces AS DOUBLE) / nullif(entries, 0) AS bounce_rate,
  item_list_name
FROM counted
