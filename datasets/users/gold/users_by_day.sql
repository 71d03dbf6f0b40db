-- model: users_by_day
-- grain: event_date
-- inputs: silver.user_profile
-- purpose: distinct users by the date on which they were created, UTC, which is the date of the event. All profiles of a user have the
--   same one, so each date follows from its own profiles.
-- lookback: 0 days
-- lookahead: 0 days
-- partition_by: event_date
-- check: unique(event_date)
-- check: not_null(event_date, users)
SELECT event_date, count(DISTINCT user_id) AS users
FROM silver.user_profile
WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
GROUP BY event_date
