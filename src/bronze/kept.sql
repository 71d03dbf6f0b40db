-- grain: one row per rejected message whose body is no text, or was cut
-- inputs: $kept_paths (data files of the rejected table)
-- purpose: rows that no contract can land, as they are
SELECT body, message_id, source, source_position, sent_at, received_at, message_key, message_headers, reason, CAST(received_at AS DATE) AS received_date
FROM (
  SELECT CAST(NULL AS VARCHAR) AS message_key, CAST(NULL AS VARCHAR) AS message_headers WHERE false
  UNION ALL BY NAME
  SELECT * FROM read_parquet($kept_paths, union_by_name = true, hive_partitioning = false)
) AS known
WHERE NOT (reason IS DISTINCT FROM 'not_utf8' AND reason IS DISTINCT FROM 'too_large' AND TRY(decode(body)) IS NOT NULL)
