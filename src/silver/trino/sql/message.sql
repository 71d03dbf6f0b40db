-- grain: one row per row of bronze
-- inputs: bronze_rows
-- purpose: every event of a contract without items: its columns, id, its place among the events with the same id, and why it is rejected if it is.
WITH event AS (
  {{event_reading}}
), keyed AS (
  SELECT *, CASE WHEN _reason IS NULL THEN lower(to_hex(md5(to_utf8({{event_key}})))) END AS event_id
  FROM event
)
SELECT message_id, received_at, event_timestamp, event_date, platform, {{columns}} issues, _reason, _detail, event_id,
  CASE WHEN _reason IS NOT NULL THEN _body END AS _body,
  {{doc}} AS _doc,
  row_number() OVER (PARTITION BY event_id ORDER BY received_at, message_id, issues) AS _place
FROM keyed
