-- grain: one row per line of a file
-- inputs: $file (NDJSON, a path)
-- purpose: the least that puts bodies into partitions: no check, no id, no rejected rows, no commit. Lines that are no JSON are null.
SELECT
  CAST(json AS VARCHAR) AS body,
  CAST(make_timestamptz(CAST(CASE WHEN time_number < 1e11 THEN time_number * 1000000 ELSE time_number * 1000 END AS BIGINT)) AS DATE) AS event_date,
  platform
FROM (
  SELECT json, TRY_CAST(json ->> 'event_timestamp' AS DOUBLE) AS time_number, upper(json ->> 'platform') AS platform
  FROM read_ndjson_objects(CAST($file AS VARCHAR), ignore_errors = true, maximum_object_size = 16777280)
)
