-- step: play
-- grain: track_id, user_id
-- inputs: step newest_track, silver.listening
-- refresh: whole
-- purpose: how often each user has played each track, with what the catalogue says of it; listening without a track stays, without a name
SELECT
  listening.track_id,
  listening.user_id,
  listening.plays,
  newest_track.name,
  newest_track.artist,
  newest_track.genre,
  newest_track.track_id IS NOT NULL AS has_track
FROM (
  SELECT track_id, user_id, CAST(sum(playcount) AS BIGINT) AS plays
  FROM silver.listening
  GROUP BY track_id, user_id
) AS listening
LEFT JOIN newest_track ON newest_track.track_id = listening.track_id
