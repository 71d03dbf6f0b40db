-- model: plays_by_genre
-- grain: genre, has_track
-- inputs: step play
-- refresh: whole
-- purpose: plays, distinct listeners and distinct tracks of each genre. Tracks without one are in the row without a genre; listening of
--   tracks that the catalogue does not have is in a row of its own, with has_track false. The plays of all rows are all plays.
-- check: unique(genre, has_track)
-- check: not_null(has_track, plays, listeners, tracks)
SELECT
  genre, has_track,
  CAST(sum(plays) AS BIGINT) AS plays,
  count(DISTINCT user_id) AS listeners,
  count(DISTINCT track_id) AS tracks
FROM play
GROUP BY genre, has_track
