-- analysis: top_products
-- grain: item_id
-- inputs: silver.event, silver.item_event
-- purpose: which products turn views into purchases, from $since to $until: ranked by the lower bound of Wilson's 95 % interval of
--   the share of sessions that viewed a product and then bought it, so that three lucky views do not win. An echo of an order buys nothing.
WITH event AS (
  SELECT
    event_id, event_date, platform, user_id, event_name, event_timestamp,
    CASE
      WHEN event_timestamp > lag(event_timestamp) OVER (PARTITION BY user_id, platform ORDER BY event_timestamp) + INTERVAL '30' MINUTE THEN 1
      ELSE 0
    END AS starts_activity
  FROM silver.event
  WHERE event_date >= CAST(CAST($since AS DATE) - INTERVAL '2' DAY AS DATE)
    AND event_date <= CAST(CAST($until AS DATE) + INTERVAL '1' DAY AS DATE)
    AND event_timestamp >= CAST(CAST($since AS DATE) AS TIMESTAMPTZ) - INTERVAL '1' DAY - INTERVAL '30' MINUTE
),
numbered AS (
  SELECT
    event_id, event_date, platform, user_id, event_name, event_timestamp,
    sum(starts_activity) OVER (PARTITION BY user_id, platform ORDER BY event_timestamp) AS activity
  FROM event
),
dated AS (
  SELECT
    event_id, event_date, platform, user_id, event_name, event_timestamp, activity,
    min(event_date) OVER (PARTITION BY user_id, platform, activity) AS activity_date
  FROM numbered
),
session_event AS (
  SELECT
    event_id, event_name, event_timestamp,
    min(event_id) OVER (
      PARTITION BY user_id, platform, activity,
      CASE WHEN event_date <= CAST(activity_date + INTERVAL '1' DAY AS DATE) THEN activity_date ELSE event_date END
    ) AS session_key
  FROM dated
),
bill AS (
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
    bill.event_id, bill.item_ids, bill.valued_rows, bill.revenue, session_event.session_key, session_event.event_timestamp,
    CASE
      WHEN session_event.event_timestamp > lag(session_event.event_timestamp) OVER (
        PARTITION BY session_event.session_key, bill.item_ids ORDER BY session_event.event_timestamp
      ) + INTERVAL '10' SECOND THEN 1
      ELSE 0
    END AS starts_order
  FROM bill
  JOIN session_event ON session_event.event_id = bill.event_id
),
repeated AS (
  SELECT
    event_id, item_ids, valued_rows, revenue, session_key, event_timestamp,
    sum(starts_order) OVER (PARTITION BY session_key, item_ids ORDER BY event_timestamp) AS order_number
  FROM purchase
),
placed AS (
  SELECT
    event_id,
    row_number() OVER (
      PARTITION BY session_key, item_ids, order_number
      ORDER BY valued_rows DESC, event_timestamp, revenue DESC, event_id
    ) AS place
  FROM repeated
),
item AS (
  SELECT item.event_name, item.event_timestamp, item.user_id, item.item_id, item.item_name, session_event.session_key, coalesce(placed.place, 1) > 1 AS is_echo
  FROM silver.item_event AS item
  JOIN session_event ON session_event.event_id = item.event_id
  LEFT JOIN placed ON placed.event_id = item.event_id
  WHERE item.item_id IS NOT NULL AND item.event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
),
viewed AS (
  SELECT session_key, item_id, min(event_timestamp) AS viewed_at
  FROM item
  WHERE event_name = 'view_item'
  GROUP BY session_key, item_id
),
bought AS (
  SELECT DISTINCT viewed.session_key, viewed.item_id
  FROM viewed
  JOIN item ON item.session_key = viewed.session_key AND item.item_id = viewed.item_id
  WHERE item.event_name = 'purchase' AND NOT item.is_echo AND item.event_timestamp >= viewed.viewed_at
),
viewer AS (
  SELECT item_id, count(DISTINCT user_id) AS viewers
  FROM item
  WHERE event_name = 'view_item'
  GROUP BY item_id
),
name_at AS (
  SELECT item_id, item_name, max(event_timestamp) AS named_at
  FROM item
  WHERE item_name IS NOT NULL
  GROUP BY item_id, item_name
),
named AS (
  SELECT item_id, item_name, row_number() OVER (PARTITION BY item_id ORDER BY named_at DESC, item_name DESC) AS place
  FROM name_at
),
counted AS (
  SELECT viewed.item_id, count(*) AS sessions_viewed, count(bought.session_key) AS sessions_bought
  FROM viewed
  LEFT JOIN bought ON bought.session_key = viewed.session_key AND bought.item_id = viewed.item_id
  GROUP BY viewed.item_id
),
shared AS (
  SELECT
    item_id, sessions_viewed, sessions_bought,
    CAST(sessions_viewed AS DOUBLE) AS n,
    CAST(sessions_bought AS DOUBLE) / sessions_viewed AS share
  FROM counted
)
SELECT
  shared.item_id, named.item_name, viewer.viewers, shared.sessions_viewed, shared.sessions_bought,
  round(share, 4) AS share_of_sessions,
  round((share + 1.9208E0 / n - 1.96E0 * sqrt(share * (1 - share) / n + 0.9604E0 / (n * n))) / (1 + 3.8416E0 / n), 4) AS wilson_lower
FROM shared
JOIN viewer ON viewer.item_id = shared.item_id
LEFT JOIN named ON named.item_id = shared.item_id AND named.place = 1
ORDER BY wilson_lower DESC, sessions_viewed DESC, item_id
