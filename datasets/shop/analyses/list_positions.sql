-- analysis: list_positions
-- grain: item_list_id, list_position
-- inputs: silver.event, silver.item_event
-- purpose: the click rate of each place of each list, from $since to $until: a click counts for the place where the session saw that
--   item last in the click's list (at equal times the first place)
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
    item.item_index, item.event_date, item.event_name, item.event_timestamp, item.item_id,
    coalesce(item.item_list_id, item.item_list_name) AS list_key, session_event.session_key
  FROM silver.item_event AS item
  JOIN session_event ON session_event.event_id = item.event_id
  WHERE item.event_date >= CAST(CAST($since AS DATE) - INTERVAL '1' DAY AS DATE)
    AND item.event_date <= CAST($until AS DATE)
),
path AS (
  SELECT
    event_date, session_key, item_id, event_timestamp, 1 AS is_click, list_key AS own_list,
    CAST(NULL AS VARCHAR) AS seen_list, CAST(NULL AS BIGINT) AS seen_position
  FROM item
  WHERE event_name = 'view_item' AND item_id IS NOT NULL
  UNION ALL
  SELECT
    event_date, session_key, item_id, event_timestamp, 0 AS is_click, CAST(NULL AS VARCHAR) AS own_list,
    list_key AS seen_list, item_index + 1 AS seen_position
  FROM item
  WHERE event_name = 'view_item_list' AND list_key IS NOT NULL AND item_id IS NOT NULL
),
attributed AS (
  SELECT
    event_date, session_key, item_id, event_timestamp, is_click, seen_position,
    CASE WHEN is_click = 1 THEN
      coalesce(own_list, last_value(seen_list IGNORE NULLS) OVER (
        PARTITION BY session_key, item_id
        ORDER BY event_timestamp, is_click, seen_list
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ))
    ELSE seen_list END AS list_key
  FROM path
),
followed AS (
  SELECT
    event_date, is_click, list_key,
    last_value(seen_position IGNORE NULLS) OVER (
      PARTITION BY session_key, item_id, list_key
      ORDER BY event_timestamp, is_click, seen_position DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS place
  FROM attributed
),
clicked AS (
  SELECT list_key, place, count(*) AS clicks
  FROM followed
  WHERE is_click = 1 AND list_key IS NOT NULL AND place IS NOT NULL AND event_date >= CAST($since AS DATE)
  GROUP BY list_key, place
),
shown AS (
  SELECT list_key, item_index + 1 AS place, count(*) AS impressions
  FROM item
  WHERE event_name = 'view_item_list' AND list_key IS NOT NULL AND event_date >= CAST($since AS DATE)
  GROUP BY list_key, item_index + 1
)
SELECT
  shown.list_key AS item_list_id, shown.place AS list_position, shown.impressions, coalesce(clicked.clicks, 0) AS clicks,
  round(CAST(coalesce(clicked.clicks, 0) AS DOUBLE) / shown.impressions, 4) AS ctr
FROM shown
LEFT JOIN clicked ON clicked.list_key = shown.list_key AND clicked.place = shown.place
ORDER BY item_list_id, list_position
