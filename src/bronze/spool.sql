-- grain: one row per message of a window whose body is text
-- inputs: $lines_path (file number, line number, body of each line of files, apart by U+001F); $file_ids, $file_sources and
--         $file_received_at_ms (lists of text: the file of number $first_file is the first; lists, since a join would not run in parallel);
--         $messages_path (messages as NDJSON), $known_ids (message ids that bronze has already)
-- purpose: messages as they came, for land.sql
SELECT
  body,
  $file_ids[file_number - CAST($first_file AS BIGINT) + 1] || ':' || line AS message_id,
  $file_sources[file_number - CAST($first_file AS BIGINT) + 1] AS source,
  CAST(line AS VARCHAR) AS source_position,
  CAST(NULL AS TIMESTAMPTZ) AS sent_at,
  make_timestamptz(CAST($file_received_at_ms[file_number - CAST($first_file AS BIGINT) + 1] AS BIGINT) * 1000) AS received_at
FROM read_csv(
  $lines_path,
  columns = {file_number: 'BIGINT', line: 'BIGINT', body: 'VARCHAR'},
  delim = $delimiter, quote = '', escape = '', new_line = '\n', nullstr = $no_text, force_not_null = ['body'],
  header = false, auto_detect = false, strict_mode = false, max_line_size = 16777280, buffer_size = 33554432
)
UNION ALL
SELECT body, message_id, source, source_position, make_timestamptz(sent_at_ms * 1000), make_timestamptz(received_at_ms * 1000)
FROM read_json(
  $messages_path,
  format = 'newline_delimited', maximum_object_size = 134217728,
  columns = {body: 'VARCHAR', message_id: 'VARCHAR', source: 'VARCHAR', source_position: 'VARCHAR', sent_at_ms: 'BIGINT', received_at_ms: 'BIGINT'}
)
WHERE message_id NOT IN (SELECT unnest($known_ids))
