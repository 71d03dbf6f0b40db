-- grain: one row per rejected message whose body is whole and text
-- inputs: $kept_paths (data files of the rejected table)
-- purpose: messages to be read again by land.sql, with the file and the reason
SELECT TRY(decode(body)) AS body, message_id, source, source_position, sent_at, received_at, filename, reason AS rejected_as
FROM read_parquet($kept_paths, union_by_name = true, hive_partitioning = false, filename = true)
WHERE reason IS DISTINCT FROM 'not_utf8' AND reason IS DISTINCT FROM 'too_large' AND TRY(decode(body)) IS NOT NULL
