-- step: list_user
-- grain: event_date, platform, list_key, user_id
-- inputs: step session_item, step click, step conversion, step session_total
-- key: user_id
-- dates: event_date
-- purpose: what each user did with each list on a date from $since to $until. Events and sessions are one user's, so sums over
--   users count them once
WITH fact AS (
  SELECT
    event_date, platform, list_key, user_id, event_id, item_list_name,
    CAST(NULL AS VARCHAR) AS session_item_key, 'impression' AS fact, CAST(0 AS DECIMAL(38, 4)) AS revenue, 0 AS is_bounce
  FROM session_item
  WHERE event_name = 'view_item_list' AND list_key IS NOT NULL
    AND event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  UNION ALL
  SELECT
    event_date, platform, list_key, user_id, CAST(NULL AS VARCHAR) AS event_id, CAST(NULL AS VARCHAR) AS item_list_name,
    session_id || coalesce(item_id, '') AS session_item_key, 'click' AS fact, CAST(0 AS DECIMAL(38, 4)) AS revenue, 0 AS is_bounce
  FROM click
  WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  UNION ALL
  SELECT
    event_date, platform, list_key, user_id, CAST(NULL AS VARCHAR) AS event_id, CAST(NULL AS VARCHAR) AS item_list_name,
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
)
SELECT
  event_date, platform, list_key, user_id,
  count(DISTINCT event_id) AS list_views,
  CAST(sum(CASE WHEN fact = 'impression' THEN 1 ELSE 0 END) AS BIGINT) AS impressions,
  CAST(sum(CASE WHEN fact = 'click' THEN 1 ELSE 0 END) AS BIGINT) AS clicks,
  count(DISTINCT session_item_key) AS unique_clicks,
  CAST(sum(CASE WHEN fact = 'begin_checkout' THEN 1 ELSE 0 END) AS BIGINT) AS checkouts,
  CAST(sum(CASE WHEN fact = 'purchase' THEN 1 ELSE 0 END) AS BIGINT) AS purchases,
  sum(CASE WHEN fact = 'purchase' THEN revenue ELSE 0 END) AS revenue,
  CAST(sum(CASE WHEN fact = 'entry' THEN 1 ELSE 0 END) AS BIGINT) AS entries,
  CAST(sum(is_bounce) AS BIGINT) AS bounces,
  max(item_list_name) AS item_list_name
FROM fact
GROUP BY event_date, platform, list_key, user_id
