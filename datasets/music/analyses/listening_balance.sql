-- analysis: listening_balance
-- grain: has_track
-- inputs: gold.top_tracks
-- purpose: how much of the listening has a track in the catalogue, and its share of all plays
SELECT
  has_track,
  count(*) AS tracks,
  CAST(sum(plays) AS BIGINT) AS plays,
  round(CAST(sum(plays) AS DOUBLE) / nullif(CAST(sum(sum(plays)) OVER () AS DOUBLE), 0), 4) AS share_of_plays
FROM gold.top_tracks
GROUP BY has_track
ORDER BY has_track DESC
