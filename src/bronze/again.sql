-- grain: one row per rejected message whose body is whole and text
-- inputs: $kept_paths (data files of the rejected table)
--         files from before there were keys and headers have none
-- purpose: messages to be read again by land.sql, with the file and the reason
SELECT TRY(decode(body)) AS body, message_id, source, source_position, sent_at, received_at, message_key, message_headers, filename, reason AS rejected_as
FROM (
  SELECT CAST(NULL AS VARCHAR) AS message_key, CAST(NULL AS VARCHAR) AS message_headers WHERE false
  UNION ALL BY NAME
  SELECT * FROM read_parquet($kept_paths, union_by_name = true, hive_partitioning = false, filename = true)
) AS known
WHERE reason IS DISTINCT FROM 'not_utf8' AND reason IS DISTINCT FROM 'too_large' AND TRY(decode(body)) IS NOT NULL
