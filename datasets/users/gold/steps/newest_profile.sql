-- step: newest_profile
-- grain: user_id
-- inputs: silver.user_profile
-- refresh: whole
-- purpose: the newest profile of each user, as a user whose profile has changed has more than one: by updated_at; of equal ones the one
--   with the greatest event_id. One without updated_at is older than any other.
SELECT event_id, event_date, user_id, score_score
FROM (
  SELECT
    event_id, event_date, user_id, score_score,
    row_number() OVER (PARTITION BY user_id ORDER BY CASE WHEN updated_at IS NULL THEN 1 ELSE 0 END, updated_at DESC, event_id DESC) AS place
  FROM silver.user_profile
) AS profile
WHERE place = 1
