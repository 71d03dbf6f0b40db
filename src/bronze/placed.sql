-- grain: one row per row of bronze
-- inputs: $unplaced_paths (data files of partitions without a platform), $platform_path, $platforms, $platforms_upper, $time_path; columns in the slot `also`
-- purpose: the same rows with the platform that the contract gives them now; their event time stays
SELECT
  body,
  message_id,
  source,
  source_position,
  sent_at,
  received_at,
  {{also}}
  event_timestamp,
  CAST(event_timestamp AS DATE) AS event_date,
  {{platform}} AS platform
FROM (
  SELECT *, {{found}} AS found
  FROM (
    SELECT CAST(NULL AS VARCHAR) AS message_key, CAST(NULL AS VARCHAR) AS message_headers WHERE false
    UNION ALL BY NAME
    SELECT * FROM read_parquet($unplaced_paths, union_by_name = true, hive_partitioning = false, filename = true)
  ) AS known
) AS read
