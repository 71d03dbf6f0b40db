-- step: click
-- grain: event_id, item_index
-- inputs: step session_item
-- key: user_id
-- dates: event_date
-- purpose: view_item rows with a list: their own, else that of the latest view_item_list row with the same item in the session,
--   at or before it; of equal times the greatest list
WITH viewed AS (
  SELECT DISTINCT session_id, item_id
  FROM session_item
  WHERE event_name = 'view_item' AND list_key IS NULL AND item_id IS NOT NULL
),
path AS (
  SELECT event_id, item_index, session_id, item_id, event_timestamp, 1 AS is_click, CAST(NULL AS VARCHAR) AS seen_list
  FROM session_item
  WHERE event_name = 'view_item' AND list_key IS NULL AND item_id IS NOT NULL
  UNION ALL
  SELECT item.event_id, item.item_index, item.session_id, item.item_id, item.event_timestamp, 0 AS is_click, item.list_key AS seen_list
  FROM session_item AS item
  JOIN viewed ON viewed.session_id = item.session_id AND viewed.item_id = item.item_id
  WHERE item.event_name = 'view_item_list' AND item.list_key IS NOT NULL
),
followed AS (
  SELECT
    event_id, item_index, is_click,
    last_value(seen_list IGNORE NULLS) OVER (
      PARTITION BY session_id, item_id
      ORDER BY event_timestamp, is_click, seen_list
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS list_key
  FROM path
)
SELECT
  item.event_id, item.item_index, item.event_date, item.platform, item.user_id, item.session_id, item.item_id, item.event_timestamp,
  coalesce(item.list_key, followed.list_key) AS list_key
FROM session_item AS item
LEFT JOIN followed ON followed.event_id = item.event_id AND followed.item_index = item.item_index AND followed.is_click = 1
WHERE item.event_name = 'view_item' AND coalesce(item.list_key, followed.list_key) IS NOT NULL
