-- grain: one row per reason
-- inputs: $paths (staged files of the rejected table)
-- purpose: why most of a window's messages are rejected, with the beginning of one body in base64
SELECT reason, count(*) AS rows, min(to_base64(body[1:800])) AS body
FROM read_parquet($paths, hive_partitioning = false)
GROUP BY reason
ORDER BY rows DESC, reason
LIMIT 5
