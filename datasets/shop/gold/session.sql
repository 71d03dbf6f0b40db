-- model: session
-- grain: event_date, platform, session_id
-- inputs: step session_total
-- purpose: each session that starts on a date: its events, orders and revenue
-- lookback: 1 day and 30 minutes
-- lookahead: 1 day
-- partition_by: event_date, platform
-- check: unique(session_id)
-- check: not_null(event_date, platform, session_id, user_id, started_at, ended_at)
-- check: descending(ended_at, started_at)
-- check: descending(purchase, orders)
-- check: row_count(0.02, 50)
SELECT
  session_date AS event_date, platform, session_id, user_id,
  session_started_at AS started_at,
  ended_at,
  events,
  CAST(view_item_list AS BIGINT) AS view_item_list,
  CAST(view_item AS BIGINT) AS view_item,
  CAST(begin_checkout AS BIGINT) AS begin_checkout,
  CAST(purchase AS BIGINT) AS purchase,
  events = 1 AS is_bounce,
  CAST(orders AS BIGINT) AS orders,
  CAST(revenue AS DECIMAL(38, 4)) AS revenue
FROM session_total
