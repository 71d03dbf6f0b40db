-- model: top_tracks
-- grain: track_id
-- inputs: step play
-- refresh: whole
-- purpose: all tracks that were played, by their place: the most plays first, then the most listeners, then by track_id. A track that
--   the catalogue does not have is among them, with has_track false.
-- check: unique(track_id)
-- check: unique(place)
-- check: not_null(track_id, place, plays, listeners, has_track)
SELECT
  row_number() OVER (ORDER BY plays DESC, listeners DESC, track_id) AS place,
  track_id, name, artist, genre, plays, listeners, has_track
FROM (
  SELECT track_id, name, artist, genre, has_track, CAST(sum(plays) AS BIGINT) AS plays, count(*) AS listeners
  FROM play
  GROUP BY track_id, name, artist, genre, has_track
) AS track
