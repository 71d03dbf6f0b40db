-- analysis: top_lists
-- grain: item_list_id
-- inputs: silver.event, silver.item_event
-- purpose: which lists engage most, from $since to $until: ranked by the lower bound of Wilson's 95 % interval of the share of
--   viewers who clicked, so that a few lucky views do not win
WITH event AS (
  SELECT
    event_id, event_date, platform, user_id, event_timestamp,
    CASE
      WHEN event_timestamp > lag(event_timestamp) OVER (PARTITION BY user_id, platform ORDER BY event_timestamp) + INTERVAL '30' MINUTE THEN 1
      ELSE 0
    END AS starts_activity
  FROM silver.event
  WHERE event_date >= CAST(CAST($since AS DATE) - INTERVAL '2' DAY AS DATE)
    AND event_date <= CAST($until AS DATE)
    AND event_timestamp >= CAST(CAST($since AS DATE) AS TIMESTAMPTZ) - INTERVAL '1' DAY - INTERVAL '30' MINUTE
),
numbered AS (
  SELECT
    event_id, event_date, platform, user_id, event_timestamp,
    sum(starts_activity) OVER (PARTITION BY user_id, platform ORDER BY event_timestamp) AS activity
  FROM event
),
dated AS (
  SELECT
    event_id, event_date, platform, user_id, event_timestamp, activity,
    min(event_date) OVER (PARTITION BY user_id, platform, activity) AS activity_date
  FROM numbered
),
session_event AS (
  SELECT
    event_id,
    min(event_id) OVER (
      PARTITION BY user_id, platform, activity,
      CASE WHEN event_date <= CAST(activity_date + INTERVAL '1' DAY AS DATE) THEN activity_date ELSE event_date END
    ) AS session_key
  FROM dated
),
item AS (
  SELECT
    item.event_date, item.user_id, item.event_name, item.event_timestamp, item.item_id, item.item_list_name,
    coalesce(item.item_list_id, item.item_list_name) AS list_key, session_event.session_key
  FROM silver.item_event AS item
  JOIN session_event ON session_event.event_id = item.event_id
  WHERE item.event_date >= CAST(CAST($since AS DATE) - INTERVAL '1' DAY AS DATE)
    AND item.event_date <= CAST($until AS DATE)
),
path AS (
  SELECT user_id, event_date, session_key, item_id, event_timestamp, list_key AS own_list, 1 AS is_click, CAST(NULL AS VARCHAR) AS seen_list
  FROM item
  WHERE event_name = 'view_item'
  UNION ALL
  SELECT user_id, event_date, session_key, item_id, event_timestamp, CAST(NULL AS VARCHAR) AS own_list, 0 AS is_click, list_key AS seen_list
  FROM item
  WHERE event_name = 'view_item_list' AND list_key IS NOT NULL AND item_id IS NOT NULL
),
followed AS (
  SELECT
    user_id, event_date, is_click, own_list, item_id,
    last_value(seen_list IGNORE NULLS) OVER (
      PARTITION BY session_key, item_id
      ORDER BY event_timestamp, is_click, seen_list
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS seen_list
  FROM path
),
click AS (
  SELECT user_id, coalesce(own_list, CASE WHEN item_id IS NOT NULL THEN seen_list END) AS list_key
  FROM followed
  WHERE is_click = 1 AND event_date >= CAST($since AS DATE)
),
seen AS (
  SELECT list_key, count(*) AS impressions, count(DISTINCT user_id) AS viewers, max(item_list_name) AS item_list_name
  FROM item
  WHERE event_name = 'view_item_list' AND list_key IS NOT NULL AND event_date >= CAST($since AS DATE)
  GROUP BY list_key
),
viewer AS (
  SELECT DISTINCT list_key, user_id
  FROM item
  WHERE event_name = 'view_item_list' AND list_key IS NOT NULL AND event_date >= CAST($since AS DATE)
),
clicked AS (
  SELECT
    click.list_key, count(*) AS clicks,
    count(DISTINCT CASE WHEN viewer.user_id IS NOT NULL THEN click.user_id END) AS clickers
  FROM click
  LEFT JOIN viewer ON viewer.list_key = click.list_key AND viewer.user_id = click.user_id
  WHERE click.list_key IS NOT NULL
  GROUP BY click.list_key
),
counted AS (
  SELECT
    seen.list_key AS item_list_id, seen.item_list_name, seen.impressions, seen.viewers,
    coalesce(clicked.clicks, 0) AS clicks, coalesce(clicked.clickers, 0) AS clickers
  FROM seen
  LEFT JOIN clicked ON clicked.list_key = seen.list_key
),
shared AS (
  SELECT
    item_list_id, item_list_name, impressions, viewers, clicks, clickers,
    CAST(clicks AS DOUBLE) / impressions AS ctr,
    CAST(viewers AS DOUBLE) AS n,
    CAST(clickers AS DOUBLE) / viewers AS share
  FROM counted
)
SELECT
  item_list_id, item_list_name, impressions, viewers, clicks, clickers,
  round(ctr, 4) AS ctr,
  round(share, 4) AS share_of_viewers,
  round((share + 1.9208E0 / n - 1.96E0 * sqrt(share * (1 - share) / n + 0.9604E0 / (n * n))) / (1 + 3.8416E0 / n), 4) AS wilson_lower
FROM shared
ORDER BY wilson_lower DESC, viewers DESC, item_list_id
