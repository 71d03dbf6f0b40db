-- grain: one row per message of a window
-- inputs: $lines_path (file number, line number, body of each line of files, apart by U+001F); $file_ids, $file_sources and
--         $file_received_at_ms (lists of text: the file of number $first_file is the first; lists, since a join would not run in parallel);
--         $messages_path (messages as NDJSON), $known_ids (message ids that bronze has already)
-- purpose: bronze rows with event time, date and platform; where `reason` is not null the message has none and is rejected
WITH received AS (
  SELECT
    body,
    $file_ids[file_number - CAST($first_file AS BIGINT) + 1] || ':' || line AS message_id,
    $file_sources[file_number - CAST($first_file AS BIGINT) + 1] AS source,
    CAST(line AS VARCHAR) AS source_position,
    CAST(NULL AS BIGINT) AS sent_at_ms,
    CAST($file_received_at_ms[file_number - CAST($first_file AS BIGINT) + 1] AS BIGINT) AS received_at_ms
  FROM read_csv(
    $lines_path,
    columns = {file_number: 'BIGINT', line: 'BIGINT', body: 'VARCHAR'},
    delim = $delimiter, quote = '', escape = '', new_line = '\n', nullstr = $no_text, force_not_null = ['body'],
    header = false, auto_detect = false, strict_mode = false, max_line_size = 16777280, buffer_size = 33554432
  )
  UNION ALL
  SELECT body, message_id, source, source_position, sent_at_ms, received_at_ms
  FROM read_json(
    $messages_path,
    format = 'newline_delimited', maximum_object_size = 134217728,
    columns = {body: 'VARCHAR', message_id: 'VARCHAR', source: 'VARCHAR', source_position: 'VARCHAR', sent_at_ms: 'BIGINT', received_at_ms: 'BIGINT'}
  )
  WHERE message_id NOT IN (SELECT unnest($known_ids))
),
extracted AS (
  SELECT *, CASE WHEN json_valid(body) THEN json_extract_string(body, [$time_path, $platform_path]) END AS found
  FROM received
),
timed AS (
  SELECT *, {{event_timestamp}} AS event_timestamp
  FROM (
    SELECT
      *,
      found[1] AS time_text,
      CASE WHEN regexp_full_match(found[1], '-?\d{1,19}') THEN TRY_CAST(found[1] AS BIGINT) END AS time_whole,
      TRY_CAST(found[1] AS DOUBLE) AS time_fraction
    FROM extracted
  ) AS timing
)
SELECT
  body,
  message_id,
  source,
  source_position,
  make_timestamptz(sent_at_ms * 1000) AS sent_at,
  make_timestamptz(received_at_ms * 1000) AS received_at,
  event_timestamp,
  CAST(event_timestamp AS DATE) AS event_date,
  CASE WHEN event_timestamp IS NOT NULL AND list_contains($platforms, upper(found[2])) THEN upper(found[2]) END AS platform,
  CASE
    WHEN event_timestamp IS NOT NULL THEN NULL
    WHEN trim(body) = '' THEN 'empty'
    WHEN found IS NULL THEN 'not_json'
    WHEN json_type(body) <> 'OBJECT' THEN 'not_an_object'
    WHEN time_text IS NULL THEN {{time_name}} || '_missing'
    ELSE {{time_name}} || '_unreadable'
  END AS reason
FROM timed
