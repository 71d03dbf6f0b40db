-- analysis: top_products
-- grain: item_id
-- inputs: silver.event, silver.item_event
-- purpose: which products turn views into purchases, from $since to $until: ranked by the lower bound of Wilson's 95 % interval of
--   the share of sessions that viewed a product and then bought it, so that three lucky views do not win
WITH event AS (
  SELECT
    event_id, event_date, platform, user_id, event_name, event_timestamp,
    CASE
      WHEN event_timestamp > lag(event_timestamp) OVER (PARTITION BY user_id, platform ORDER BY event_timestamp) + INTERVAL '30' MINUTE THEN 1
      ELSE 0
    END AS starts_activity
  FROM silver.event
  WHERE event_date >= CAST(CAST($since AS DATE) - INTERVAL '2' DAY AS DATE)
    AND event_date <= CAST($until AS DATE)
    AND event_timestamp >= CAST(CAST($since AS DATE) AS TIMESTAMPTZ) - INTERVAL '1' DAY - INTERVAL '30' MINUTE
),
numbered AS (
  SELECT
    event_id, event_date, platform, user_id, event_timestamp,
    sum(starts_activity) OVER (PARTITION BY user_id, platform ORDER BY event_timestamp) AS activity
  FROM event
),
dated AS (
  SELECT
    event_id, event_date, platform, user_id, event_timestamp, activity,
    min(event_date) OVER (PARTITION BY user_id, platform, activity) AS activity_date
  FROM numbered
),
session_event AS (
  SELECT
    event_id,
    min(event_id) OVER (
      PARTITION BY user_id, platform, activity,
      CASE WHEN event_date <= CAST(activity_date + INTERVAL '1' DAY AS DATE) THEN activity_date ELSE event_date END
    ) AS session_key
  FROM dated
),
item AS (
  SELECT
    item.event_id, item.item_index, item.event_date, item.user_id, item.event_name, item.event_timestamp, item.item_id, item.item_name,
    item.item_list_name, coalesce(item.item_list_id, item.item_list_name) AS list_key, session_event.session_key
  FROM silver.item_event AS item
  JOIN session_event ON session_event.event_id = item.event_id
  WHERE item.event_date >= CAST(CAST($since AS DATE) - INTERVAL '1' DAY AS DATE)
    AND item.event_date <= CAST($until AS DATE)
),
viewed AS (
  SELECT session_key, item_id, min(event_timestamp) AS viewed_at
  FROM item
  WHERE event_name = 'view_item' AND item_id IS NOT NULL AND event_date >= CAST($since AS DATE)
  GROUP BY session_key, item_id
),
bought AS (
  SELECT DISTINCT viewed.session_key, viewed.item_id
  FROM viewed
  JOIN item ON item.session_key = viewed.session_key AND item.item_id = viewed.item_id
  WHERE item.event_name = 'purchase' AND item.event_timestamp >= viewed.viewed_at
),
viewer AS (
  SELECT item_id, count(DISTINCT user_id) AS viewers
  FROM item
  WHERE event_name = 'view_item' AND event_date >= CAST($since AS DATE)
  GROUP BY item_id
),
name_at AS (
  SELECT item_id, item_name, max(event_timestamp) AS named_at
  FROM item
  WHERE item_id IS NOT NULL AND item_name IS NOT NULL AND event_date >= CAST($since AS DATE)
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
)
SELECT
  counted.item_id, named.item_name, viewer.viewers, counted.sessions_viewed, counted.sessions_bought,
  round(CAST(counted.sessions_bought AS DOUBLE) / nullif(counted.sessions_viewed, 0), 4) AS share_of_sessions,
  CASE WHEN counted.sessions_viewed > 0 THEN
    round((CAST(counted.sessions_bought AS DOUBLE) / counted.sessions_viewed + 1.9208 / counted.sessions_viewed - 1.96 * sqrt(CAST(counted.sessions_bought AS DOUBLE) * (counted.sessions_viewed - counted.sessions_bought) / counted.sessions_viewed / counted.sessions_viewed / counted.sessions_viewed + 0.9604 / counted.sessions_viewed / counted.sessions_viewed)) / (1 + 3.8416 / counted.sessions_viewed), 4)
  END AS wilson_lower
FROM counted
JOIN viewer ON viewer.item_id = counted.item_id
LEFT JOIN named ON named.item_id = counted.item_id AND named.place = 1
ORDER BY wilson_lower DESC, sessions_viewed DESC, item_id
