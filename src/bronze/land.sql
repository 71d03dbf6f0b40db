-- grain: one row per message
-- inputs: the slot `messages` (a SELECT of body, message_id, source, source_position, sent_at, received_at, and what `also` names),
--         $time_path, $platform_path (JSON pointers), $platforms, $platforms_upper, $time_name, $time_numbers (whether a time may be a number)
-- purpose: bronze rows with event time, date and platform; where `reason` is not null the message has none and is rejected;
--          reason forgotten: it is of a person who was forgotten, and goes nowhere
WITH received AS (
  {{messages}}
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
      CASE WHEN $time_numbers AND regexp_full_match(found[1], '-?\d{1,19}') THEN TRY_CAST(found[1] AS BIGINT) END AS time_whole,
      CASE WHEN $time_numbers THEN TRY_CAST(found[1] AS DOUBLE) END AS time_fraction
    FROM extracted
  ) AS timing
)
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
  CASE WHEN event_timestamp IS NOT NULL THEN {{platform}} END AS platform,
  CASE
    WHEN {{forgotten}} THEN 'forgotten'
    WHEN event_timestamp IS NOT NULL THEN NULL
    WHEN trim(body) = '' THEN 'empty'
    WHEN found IS NULL THEN 'not_json'
    WHEN json_type(body) <> 'OBJECT' THEN 'not_an_object'
    WHEN time_text IS NULL THEN {{time_name}} || '_missing'
    ELSE {{time_name}} || '_unreadable'
  END AS reason
FROM timed
