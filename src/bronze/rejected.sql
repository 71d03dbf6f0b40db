-- grain: one row per rejected message of a window
-- inputs: $rejected_paths (rows of the window without an event time), and those of rejected-bad.sql
-- purpose: rows of the rejected table, bodies as bytes
SELECT encode(body) AS body, message_id, source, source_position, sent_at, received_at, message_key, message_headers, reason, CAST(received_at AS DATE) AS received_date
FROM read_parquet($rejected_paths, hive_partitioning = true, hive_types = {reason: VARCHAR, event_date: DATE, platform: VARCHAR})
UNION ALL
{{bad}}
