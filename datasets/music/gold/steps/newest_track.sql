-- step: newest_track
-- grain: track_id
-- inputs: silver.track
-- refresh: whole
-- purpose: one row of each track, so that no play counts twice: the one received last; of equal ones the one with the greatest event_id
SELECT track_id, name, artist, genre, year
FROM (
  SELECT
    track_id, name, artist, genre, year,
    row_number() OVER (PARTITION BY track_id ORDER BY received_at DESC, event_id DESC) AS place
  FROM silver.track
) AS track
WHERE place = 1
