-- step: day_user
-- grain: event_date, platform, user_id
-- inputs: step session_event, step purchase, step conversion
-- key: user_id
-- dates: event_date
-- purpose: each user's events and orders on a date from $since to $until, and the item rows bought that no list is known of
WITH fact AS (
  SELECT
    session_event.event_date, session_event.platform, session_event.user_id, 1 AS events,
    CASE WHEN purchase.is_counted THEN 1 ELSE 0 END AS orders,
    CAST(CASE WHEN purchase.is_counted THEN purchase.revenue ELSE 0 END AS DECIMAL(38, 4)) AS revenue,
    0 AS unattributed_purchases, CAST(0 AS DECIMAL(38, 4)) AS unattributed_revenue
  FROM session_event
  LEFT JOIN purchase ON purchase.event_id = session_event.event_id
  WHERE session_event.event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  UNION ALL
  SELECT event_date, platform, user_id, 0, 0, CAST(0 AS DECIMAL(38, 4)), 1, CAST(revenue AS DECIMAL(38, 4))
  FROM conversion
  WHERE event_name = 'purchase' AND list_key IS NULL AND event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
)
SELECT
  event_date, platform, user_id,
  CAST(sum(events) AS BIGINT) AS events,
  CAST(sum(orders) AS BIGINT) AS orders,
  sum(revenue) AS revenue,
  CAST(sum(unattributed_purchases) AS BIGINT) AS unattributed_purchases,
  sum(unattributed_revenue) AS unattributed_revenue
FROM fact
GROUP BY event_date, platform, user_id
