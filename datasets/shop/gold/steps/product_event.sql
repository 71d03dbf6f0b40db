-- step: product_event
-- grain: event_id, item_index
-- inputs: step session_item
-- key: user_id
-- dates: event_date
-- purpose: what product_metrics sums up of each row of a product on a date from $since to $until, and nothing more: these rows are
--   most of what a process that follows keeps
SELECT
  event_date, platform, item_id, item_name, user_id, event_timestamp,
  CASE WHEN event_name = 'view_item_list' THEN item_index + 1 END AS list_position,
  CASE WHEN event_name = 'view_item' THEN 1 ELSE 0 END AS views,
  CASE WHEN event_name = 'begin_checkout' THEN 1 ELSE 0 END AS checkouts,
  CASE WHEN event_name = 'purchase' AND NOT is_echo THEN 1 ELSE 0 END AS purchases,
  CASE WHEN event_name = 'purchase' AND NOT is_echo THEN quantity ELSE 0 END AS quantity,
  CASE WHEN event_name = 'purchase' AND NOT is_echo THEN revenue ELSE 0 END AS revenue
FROM session_item
WHERE item_id IS NOT NULL AND event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
