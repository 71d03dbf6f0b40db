-- model: top_tracks_by_user
-- grain: user_id, place
-- inputs: step play
-- refresh: whole
-- purpose: the ten tracks that each user has played most; of equal ones the first by track_id
-- check: unique(user_id, place)
-- check: unique(user_id, track_id)
-- check: not_null(user_id, place, track_id, plays, has_track)
SELECT user_id, place, track_id, name, artist, plays, has_track
FROM (
  SELECT user_id, track_id, name, artist, plays, has_track, row_number() OVER (PARTITION BY user_id ORDER BY plays DESC, track_id) AS place
  FROM play
) AS track
WHERE place <= 10
