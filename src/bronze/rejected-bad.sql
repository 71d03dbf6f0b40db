-- grain: one row per message of a window whose body is no text
-- inputs: $bad_path (bodies in base64, as NDJSON, no line longer than $longest_bytes), $known_ids, $record_floors and $first_partition as of spool.sql; the slot `message_key`
-- purpose: rows of the rejected table; all of them when every other message of the window has an event time
SELECT
  from_base64(body) AS body,
  message_id,
  source,
  source_position,
  make_timestamptz(sent_at_ms * 1000) AS sent_at,
  make_timestamptz(received_at_ms * 1000) AS received_at,
  {{message_key}} AS message_key,
  message_headers,
  reason,
  CAST(make_timestamptz(received_at_ms * 1000) AS DATE) AS received_date
FROM read_json(
  $bad_path,
  format = 'newline_delimited', maximum_object_size = $longest_bytes,
  columns = {body: 'VARCHAR', message_id: 'VARCHAR', source: 'VARCHAR', source_position: 'VARCHAR', sent_at_ms: 'BIGINT', received_at_ms: 'BIGINT', reason: 'VARCHAR', message_key: 'VARCHAR', message_headers: 'VARCHAR', number: 'BIGINT', record_offset: 'BIGINT'}
)
WHERE message_id NOT IN (SELECT unnest($known_ids))
  AND (number IS NULL OR record_offset >= CAST($record_floors[number - CAST($first_partition AS BIGINT) + 1] AS BIGINT))
