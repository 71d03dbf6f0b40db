-- grain: one row per rejected message of a window
-- inputs: $rejected_paths (rows of the window without an event time), $bad_path (bodies that are no text, base64, as NDJSON), $known_ids
-- purpose: rows of the rejected table, bodies as bytes
SELECT encode(body) AS body, message_id, source, source_position, sent_at, received_at, reason, CAST(received_at AS DATE) AS received_date
FROM read_parquet($rejected_paths, hive_partitioning = true, hive_types = {reason: VARCHAR, event_date: DATE, platform: VARCHAR})
UNION ALL
SELECT
  from_base64(body),
  message_id,
  source,
  source_position,
  make_timestamptz(sent_at_ms * 1000),
  make_timestamptz(received_at_ms * 1000),
  reason,
  CAST(make_timestamptz(received_at_ms * 1000) AS DATE)
FROM read_json(
  $bad_path,
  format = 'newline_delimited', maximum_object_size = 134217728,
  columns = {body: 'VARCHAR', message_id: 'VARCHAR', source: 'VARCHAR', source_position: 'VARCHAR', sent_at_ms: 'BIGINT', received_at_ms: 'BIGINT', reason: 'VARCHAR'}
)
WHERE message_id NOT IN (SELECT unnest($known_ids))
