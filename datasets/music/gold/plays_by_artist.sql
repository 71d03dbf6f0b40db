-- model: plays_by_artist
-- grain: artist, has_track
-- inputs: step play
-- refresh: whole
-- purpose: plays, distinct listeners and distinct tracks of each artist. Tracks without one are in the row without a artist; listening of
--   tracks that the catalogue does not have is in a row of its own, with has_track false. The plays of all rows are all plays.
-- check: unique(artist, has_track)
-- check: not_null(has_track, plays, listeners, tracks)
SELECT
  artist, has_track,
  CAST(sum(plays) AS BIGINT) AS plays,
  count(DISTINCT user_id) AS listeners,
  count(DISTINCT track_id) AS tracks
FROM play
GROUP BY artist, has_track
