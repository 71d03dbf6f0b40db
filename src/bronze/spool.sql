-- grain: one row per message of a window whose body is text
-- inputs: $lines_path (file number, line number, body of each line of files, apart by U+001F); $file_ids, $file_sources and
--         $file_received_at_ms (lists of text: the file of number $first_file is the first; lists, since a join would not run in parallel);
--         $messages_path (messages as NDJSON, no line longer than $longest_bytes; number and record_offset are those of a topic's), $known_ids (message ids that bronze has already);
--         $records_path (records of a topic, fields apart by U+001F); $record_ids, $record_partitions and $record_floors (lists of text: the
--         partition of number $first_partition is the first; offsets below the floor are in bronze), $record_source
-- purpose: messages as they came, for land.sql
SELECT
  body,
  $file_ids[file_number - CAST($first_file AS BIGINT) + 1] || ':' || line AS message_id,
  $file_sources[file_number - CAST($first_file AS BIGINT) + 1] AS source,
  CAST(line AS VARCHAR) AS source_position,
  CAST(NULL AS TIMESTAMPTZ) AS sent_at,
  make_timestamptz(CAST($file_received_at_ms[file_number - CAST($first_file AS BIGINT) + 1] AS BIGINT) * 1000) AS received_at,
  CAST(NULL AS VARCHAR) AS message_key,
  CAST(NULL AS VARCHAR) AS message_headers
FROM read_csv(
  $lines_path,
  columns = {file_number: 'BIGINT', line: 'BIGINT', body: 'VARCHAR'},
  delim = $delimiter, quote = '', escape = '', new_line = '\n', nullstr = $no_text, force_not_null = ['body'],
  header = false, auto_detect = false, strict_mode = false, max_line_size = 16777280, buffer_size = 33554432
)
UNION ALL
SELECT body, message_id, source, source_position, make_timestamptz(sent_at_ms * 1000), make_timestamptz(received_at_ms * 1000), message_key, message_headers
FROM read_json(
  $messages_path,
  format = 'newline_delimited', maximum_object_size = $longest_bytes,
  columns = {body: 'VARCHAR', message_id: 'VARCHAR', source: 'VARCHAR', source_position: 'VARCHAR', sent_at_ms: 'BIGINT', received_at_ms: 'BIGINT', message_key: 'VARCHAR', message_headers: 'VARCHAR', number: 'BIGINT', record_offset: 'BIGINT'}
)
WHERE message_id NOT IN (SELECT unnest($known_ids))
  AND (number IS NULL OR record_offset >= CAST($record_floors[number - CAST($first_partition AS BIGINT) + 1] AS BIGINT))
UNION ALL
SELECT
  body,
  $record_ids[number - CAST($first_partition AS BIGINT) + 1] || '-' || record_offset,
  CAST($record_source AS VARCHAR),
  $record_partitions[number - CAST($first_partition AS BIGINT) + 1] || ':' || record_offset,
  make_timestamptz(sent_at_ms * 1000),
  make_timestamptz(received_at_ms * 1000),
  message_key,
  message_headers
FROM read_csv(
  $records_path,
  columns = {number: 'BIGINT', record_offset: 'BIGINT', sent_at_ms: 'BIGINT', received_at_ms: 'BIGINT', message_key: 'VARCHAR', message_headers: 'VARCHAR', body: 'VARCHAR'},
  delim = $delimiter, quote = '', escape = '', new_line = '\n', nullstr = $no_text, force_not_null = ['body'],
  header = false, auto_detect = false, strict_mode = false, max_line_size = 16777280, buffer_size = 33554432
)
WHERE record_offset >= CAST($record_floors[number - CAST($first_partition AS BIGINT) + 1] AS BIGINT)
