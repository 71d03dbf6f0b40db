-- step: newest_order
-- grain: event_date, order_id
-- inputs: silver.purchase_order
-- purpose: the newest version of each order on a date, whatever its status. An order that moved to another date, or that has gone from
--   the database, was withdrawn from this one: its newest version here says so, and the order is not there. Neither
--   is one whose device is no platform.
-- lookback: 0 days
-- lookahead: 0 days
SELECT event_date, platform, event_id, order_at
FROM (
  SELECT
    event_date, platform, event_id, order_at, withdrawn,
    row_number() OVER (PARTITION BY event_date, order_id ORDER BY order_version DESC, coalesce(withdrawn, false) DESC, event_id DESC) AS place
  FROM silver.purchase_order
  WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
) AS version
WHERE place = 1 AND NOT coalesce(withdrawn, false) AND platform IS NOT NULL
