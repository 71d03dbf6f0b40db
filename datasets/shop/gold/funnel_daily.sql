-- model: funnel_daily
-- grain: event_date, platform
-- inputs: step day_user, step session_total
-- purpose: events, orders, sessions and the funnel, a day and platform
-- lookback: 1 day and 30 minutes
-- lookahead: 1 day
-- partition_by: event_date, platform
-- check: unique(event_date, platform)
-- check: not_null(event_date, platform)
-- check: ratio(bounce_rate, rate_view_item, rate_begin_checkout, rate_purchase, rate_overall)
-- check: descending(funnel_view_item_list, funnel_view_item, funnel_begin_checkout, funnel_purchase)
-- check: descending(sessions, sessions_view_item_list)
-- check: descending(sessions, bounces)
WITH fact AS (
  SELECT
    event_date, platform, CASE WHEN events > 0 THEN 1 ELSE 0 END AS users, events, orders, revenue, unattributed_purchases, unattributed_revenue,
    0 AS sessions, 0 AS bounces,
    0 AS sessions_view_item_list, 0 AS sessions_view_item, 0 AS sessions_begin_checkout, 0 AS sessions_purchase,
    0 AS funnel_view_item_list, 0 AS funnel_view_item, 0 AS funnel_begin_checkout, 0 AS funnel_purchase
  FROM day_user
  UNION ALL
  SELECT
    session_date, platform, 0, 0, 0, CAST(0 AS DECIMAL(38, 4)), 0, CAST(0 AS DECIMAL(38, 4)),
    1, CASE WHEN events = 1 THEN 1 ELSE 0 END,
    CASE WHEN view_item_list > 0 THEN 1 ELSE 0 END,
    CASE WHEN view_item > 0 THEN 1 ELSE 0 END,
    CASE WHEN begin_checkout > 0 THEN 1 ELSE 0 END,
    CASE WHEN purchase > 0 THEN 1 ELSE 0 END,
    reached_view_item_list, reached_view_item, reached_begin_checkout, reached_purchase
  FROM session_total
),
counted AS (
  SELECT
    event_date, platform,
    CAST(sum(events) AS BIGINT) AS events,
    CAST(sum(users) AS BIGINT) AS users,
    CAST(sum(orders) AS BIGINT) AS orders,
    CAST(sum(revenue) AS DECIMAL(38, 4)) AS revenue,
    CAST(sum(unattributed_purchases) AS BIGINT) AS unattributed_purchases,
    CAST(sum(unattributed_revenue) AS DECIMAL(38, 4)) AS unattributed_revenue,
    CAST(sum(sessions) AS BIGINT) AS sessions,
    CAST(sum(bounces) AS BIGINT) AS bounces,
    CAST(sum(sessions_view_item_list) AS BIGINT) AS sessions_view_item_list,
    CAST(sum(sessions_view_item) AS BIGINT) AS sessions_view_item,
    CAST(sum(sessions_begin_checkout) AS BIGINT) AS sessions_begin_checkout,
    CAST(sum(sessions_purchase) AS BIGINT) AS sessions_purchase,
    CAST(sum(funnel_view_item_list) AS BIGINT) AS funnel_view_item_list,
    CAST(sum(funnel_view_item) AS BIGINT) AS funnel_view_item,
    CAST(sum(funnel_begin_checkout) AS BIGINT) AS funnel_begin_checkout,
    CAST(sum(funnel_purchase) AS BIGINT) AS funnel_purchase
  FROM fact
  GROUP BY event_date, platform
)
SELECT
  event_date, platform, events, users, orders, revenue, unattributed_purchases, unattributed_revenue,
  sessions, bounces,
  CAST(bounces AS DOUBLE) / nullif(sessions, 0) AS bounce_rate,
  sessions_view_item_list, sessions_view_item, sessions_begin_checkout, sessions_purchase,
  funnel_view_item_list, funnel_view_item, funnel_begin_checkout, funnel_purchase,
  CAST(funnel_view_item AS DOUBLE) / nullif(funnel_view_item_list, 0) AS rate_view_item,
  CAST(funnel_begin_checkout AS DOUBLE) / nullif(funnel_view_item, 0) AS rate_begin_checkout,
  CAST(funnel_purchase AS DOUBLE) / nullif(funnel_begin_checkout, 0) AS rate_purchase,
  CAST(funnel_purchase AS DOUBLE) / nullif(funnel_view_item_list, 0) AS rate_overall
FROM counted
