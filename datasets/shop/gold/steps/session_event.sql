-- step: session_event
-- grain: event_id
-- inputs: silver.event
-- key: user_id
-- dates: event_date
-- lookback: 1 day and 30 minutes
-- lookahead: 1 day
-- purpose: each event with its session, from 30 minutes before the day before $since to the end of the day after $until.
--   Activity is events of one user and platform without a gap of more than 30 minutes. It is one session up to the end of the
--   day after its first event; from then on each day is a session of its own. So dates from $since to $until are right
--   whatever lies before.
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
cut AS (
  SELECT
    event_id, event_date, platform, user_id, event_name, event_timestamp,
    min(event_timestamp) OVER (
      PARTITION BY user_id, platform, activity,
      CASE WHEN event_date <= CAST(activity_date + INTERVAL '1' DAY AS DATE) THEN activity_date ELSE event_date END
    ) AS session_started_at
  FROM dated
)
SELECT
  event_id, event_date, platform, user_id, event_name, event_timestamp, session_started_at,
  CAST(session_started_at AS DATE) AS session_date,
  md5(user_id || '|' || platform || '|' || CAST(epoch_us(session_started_at) AS VARCHAR)) AS session_id
FROM cut
