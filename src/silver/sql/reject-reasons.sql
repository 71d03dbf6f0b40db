-- grain: one row per reason
-- inputs: $paths (staged files of the rejected table)
-- purpose: what most of the rejected rows of a run suffer from, with an example
SELECT reason, count(*) AS rows, min(detail) AS detail
FROM read_parquet($paths)
GROUP BY reason
ORDER BY rows DESC, reason
LIMIT 5
