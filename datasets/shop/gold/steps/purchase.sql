-- step: purchase
-- grain: event_id
-- inputs: step session_event, silver.item_event
-- key: user_id
-- dates: event_date
-- lookback: 1 day
-- lookahead: 1 day
-- purpose: each purchase with its revenue, and whether it is counted: of purchases of one session with the same item_ids, each
--   at most 10 seconds after the one before it, one is the order and the others are its echoes.
WITH item AS (
  SELECT
    event_id,
    array_agg(item_id ORDER BY item_id) AS item_ids,
    sum(CASE WHEN quantity IS NOT NULL OR item_revenue IS NOT NULL THEN 1 ELSE 0 END) AS valued_rows,
    sum(coalesce(item_revenue, coalesce(price, 0) * coalesce(quantity, 1))) AS revenue
  FROM silver.item_event
  WHERE event_name = 'purchase'
    AND event_date >= CAST(CAST($since AS DATE) - INTERVAL '1' DAY AS DATE)
    AND event_date <= CAST(CAST($until AS DATE) + INTERVAL '1' DAY AS DATE)
  GROUP BY event_id
),
purchase AS (
  SELECT
    session_event.event_id, session_event.event_date, session_event.user_id, session_event.session_id, session_event.event_timestamp, item.item_ids,
    coalesce(item.valued_rows, 0) AS valued_rows,
    coalesce(item.revenue, 0) AS revenue,
    CASE
      WHEN session_event.event_timestamp > lag(session_event.event_timestamp) OVER (
        PARTITION BY session_event.session_id, item.item_ids ORDER BY session_event.event_timestamp
      ) + INTERVAL '10' SECOND THEN 1
      ELSE 0
    END AS starts_order
  FROM session_event
  LEFT JOIN item ON item.event_id = session_event.event_id
  WHERE session_event.event_name = 'purchase'
),
numbered AS (
  SELECT
    event_id, event_date, user_id, session_id, event_timestamp, item_ids, valued_rows, revenue,
    sum(starts_order) OVER (PARTITION BY session_id, item_ids ORDER BY event_timestamp) AS order_number
  FROM purchase
),
ranked AS (
  SELECT
    event_id, event_date, user_id, session_id, revenue,
    row_number() OVER (
      PARTITION BY session_id, item_ids, order_number
      ORDER BY valued_rows DESC, event_timestamp, revenue DESC, event_id
    ) AS place
  FROM numbered
)
SELECT event_id, event_date, user_id, session_id, revenue, place = 1 AS is_counted
FROM ranked
