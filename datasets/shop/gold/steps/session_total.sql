-- step: session_total
-- grain: session_id
-- inputs: step session_event, step purchase
-- key: user_id
-- dates: session_date
-- purpose: each session that starts from $since to $until: its events, orders, and the funnel's steps in order
WITH first_list AS (
  SELECT
    session_id, session_date, platform, user_id, event_name, event_timestamp, event_id, session_started_at,
    min(CASE WHEN event_name = 'view_item_list' THEN event_timestamp END) OVER (PARTITION BY session_id) AS listed_at
  FROM session_event
  WHERE session_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
),
first_view AS (
  SELECT
    session_id, session_date, platform, user_id, event_name, event_timestamp, event_id, session_started_at, listed_at,
    min(CASE WHEN event_name = 'view_item' AND event_timestamp >= listed_at THEN event_timestamp END) OVER (PARTITION BY session_id) AS viewed_at
  FROM first_list
),
first_checkout AS (
  SELECT
    session_id, session_date, platform, user_id, event_name, event_timestamp, event_id, session_started_at, listed_at, viewed_at,
    min(CASE WHEN event_name = 'begin_checkout' AND event_timestamp >= viewed_at THEN event_timestamp END) OVER (PARTITION BY session_id) AS checked_out_at
  FROM first_view
)
SELECT
  step.session_id, step.session_date, step.platform, step.user_id, step.session_started_at,
  max(step.event_timestamp) AS ended_at,
  count(*) AS events,
  sum(CASE WHEN step.event_name = 'view_item_list' THEN 1 ELSE 0 END) AS view_item_list,
  sum(CASE WHEN step.event_name = 'view_item' THEN 1 ELSE 0 END) AS view_item,
  sum(CASE WHEN step.event_name = 'begin_checkout' THEN 1 ELSE 0 END) AS begin_checkout,
  sum(CASE WHEN step.event_name = 'purchase' THEN 1 ELSE 0 END) AS purchase,
  sum(CASE WHEN purchase.is_counted THEN 1 ELSE 0 END) AS orders,
  sum(CASE WHEN purchase.is_counted THEN purchase.revenue ELSE 0 END) AS revenue,
  max(CASE WHEN step.listed_at IS NOT NULL THEN 1 ELSE 0 END) AS reached_view_item_list,
  max(CASE WHEN step.viewed_at IS NOT NULL THEN 1 ELSE 0 END) AS reached_view_item,
  max(CASE WHEN step.checked_out_at IS NOT NULL THEN 1 ELSE 0 END) AS reached_begin_checkout,
  max(CASE WHEN step.event_name = 'purchase' AND step.event_timestamp >= step.checked_out_at THEN 1 ELSE 0 END) AS reached_purchase
FROM first_checkout AS step
LEFT JOIN purchase ON purchase.event_id = step.event_id
GROUP BY step.session_id, step.session_date, step.platform, step.user_id, step.session_started_at
