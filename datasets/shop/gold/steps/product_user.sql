-- step: product_user
-- grain: event_date, platform, item_id, user_id
-- inputs: step session_item
-- key: user_id
-- dates: event_date
-- purpose: in how many sessions each user viewed and bought each product on a date from $since to $until; only users who did.
--   Sessions are one user's, so sums over users count them once
WITH by_session AS (
  SELECT
    event_date, platform, item_id, user_id, session_id,
    max(CASE WHEN event_name = 'view_item' THEN 1 ELSE 0 END) AS viewed,
    max(CASE WHEN event_name = 'purchase' THEN 1 ELSE 0 END) AS purchased
  FROM session_item
  WHERE item_id IS NOT NULL AND event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
    AND (event_name = 'view_item' OR (event_name = 'purchase' AND NOT is_echo))
  GROUP BY event_date, platform, item_id, user_id, session_id
)
SELECT
  event_date, platform, item_id, user_id,
  CAST(sum(viewed) AS BIGINT) AS sessions_viewed,
  CAST(sum(purchased) AS BIGINT) AS sessions_purchased
FROM by_session
GROUP BY event_date, platform, item_id, user_id
