-- step: session_item
-- grain: event_id, item_index
-- inputs: step session_event, step purchase, silver.item_event
-- key: user_id
-- dates: event_date, session_date
-- lookback: 1 day
-- lookahead: 0 days
-- purpose: each item row from the day before $since to $until with its session, its own list and, of a purchase, its quantity and revenue; is_echo marks the rows of an echo
SELECT
  item.event_id, item.event_date, item.platform, item.user_id, item.event_name, item.event_timestamp,
  item.item_index, item.item_id, item.item_name, item.item_list_name,
  coalesce(item.item_list_id, item.item_list_name) AS list_key,
  session_event.session_id, session_event.session_date, session_event.session_started_at,
  coalesce(item.quantity, 1) AS quantity,
  coalesce(item.item_revenue, coalesce(item.price, 0) * coalesce(item.quantity, 1)) AS revenue,
  coalesce(NOT purchase.is_counted, false) AS is_echo
FROM silver.item_event AS item
JOIN session_event ON session_event.event_id = item.event_id
LEFT JOIN purchase ON purchase.event_id = item.event_id
WHERE item.event_date >= CAST(CAST($since AS DATE) - INTERVAL '1' DAY AS DATE)
  AND item.event_date <= CAST($until AS DATE)
