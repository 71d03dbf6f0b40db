-- step: conversion
-- grain: event_id, item_index
-- inputs: step session_item, step click
-- key: user_id
-- dates: event_date
-- purpose: begin_checkout and purchase rows with the list they belong to: their own, else that of the latest click on the same item
--   in the session, at or before it; of equal times the greatest list; null where there is none. Echoes are left out.
WITH converted AS (
  SELECT event_id, item_index, event_date, platform, user_id, event_name, session_id, item_id, event_timestamp, list_key, quantity, revenue
  FROM session_item
  WHERE event_name IN ('begin_checkout', 'purchase') AND NOT is_echo
),
path AS (
  SELECT event_id, item_index, session_id, item_id, event_timestamp, 1 AS is_conversion, CAST(NULL AS VARCHAR) AS clicked_list
  FROM converted
  WHERE list_key IS NULL AND item_id IS NOT NULL
  UNION ALL
  SELECT event_id, item_index, session_id, item_id, event_timestamp, 0 AS is_conversion, list_key AS clicked_list
  FROM click
  WHERE item_id IS NOT NULL
),
followed AS (
  SELECT
    event_id, item_index, is_conversion,
    last_value(clicked_list IGNORE NULLS) OVER (
      PARTITION BY session_id, item_id
      ORDER BY event_timestamp, is_conversion, clicked_list
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS list_key
  FROM path
)
SELECT
  converted.event_id, converted.item_index, converted.event_date, converted.platform, converted.user_id, converted.event_name,
  converted.session_id, converted.item_id, converted.quantity, converted.revenue,
  coalesce(converted.list_key, followed.list_key) AS list_key
FROM converted
LEFT JOIN followed ON followed.event_id = converted.event_id AND followed.item_index = converted.item_index AND followed.is_conversion = 1
