-- analysis: favourite_artists
-- grain: artist
-- inputs: gold.plays_by_artist
-- purpose: the artists that are played most, and how often by each of their listeners
SELECT artist, plays, listeners, tracks, round(CAST(plays AS DOUBLE) / listeners, 2) AS plays_per_listener
FROM gold.plays_by_artist
WHERE has_track AND artist IS NOT NULL
ORDER BY plays DESC, listeners DESC, artist
LIMIT 20
