-- grain: one row per line
-- inputs: $file (NDJSON of actions)
-- purpose: the least that lands actions: the body with its time and platform, nothing checked
SELECT body, CAST(body->>'/timestamp' AS TIMESTAMPTZ) AS event_timestamp, CAST(CAST(body->>'/timestamp' AS TIMESTAMPTZ) AS DATE) AS event_date, lower(body->>'/user_identifiers/platform') AS platform
FROM (
  SELECT CAST(json AS VARCHAR) AS body
  FROM read_ndjson_objects($file, ignore_errors = true)
) AS line
WHERE TRY_CAST(body->>'/timestamp' AS TIMESTAMPTZ) IS NOT NULL
