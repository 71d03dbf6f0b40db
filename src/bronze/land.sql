-- grain: one row per message
-- inputs: the slot `messages` (a SELECT of body, message_id, source, source_position, sent_at, received_at, and what `also` names),
--         the slots `found` (texts of a body, looked up at once by $time_path, $clock_path, $platform_path, JSON pointers), `time_text` and `clock_text` (where they are in it),
--         `event_timestamp`, `platform` and `reasons` (what the contract makes of them), $time_name, $clock_name, $platforms, $platforms_upper, $platform_pattern (of a source's path), $time_numbers (whether a time may be a number),
--         $time_pattern (strptime's), $time_zone or $zone_minutes (of texts that name no zone)
-- purpose: bronze rows with event time, date and platform; where `reason` is not null the message has none and is rejected;
--          reason forgotten: it is of a person who was forgotten, and goes nowhere
WITH received AS (
  {{messages}}
),
extracted AS (
  SELECT *, {{found}} AS found
  FROM received
),
timed AS (
  SELECT *, {{event_timestamp}} AS event_timestamp
  FROM (
    SELECT
      *,
      {{time_text}} AS time_text,
      {{clock_text}} AS clock_text{{numbers}}
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
    WHEN NOT json_valid(body) THEN 'not_json'
    WHEN json_type(body) = 'ARRAY' AND regexp_matches(source, '(?i)\.[ct]sv(\.gz)?$') THEN 'csv_columns'
    WHEN json_type(body) <> 'OBJECT' THEN 'not_an_object'
    {{reasons}}
  END AS reason
FROM timed
