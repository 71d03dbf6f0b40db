-- grain: one row per row of bronze
-- inputs: bronze_rows
-- purpose: every event of a contract without items: its columns, id, and why it is rejected if it is; `_hash` stands for the id.
WITH event AS (
  {{event_reading}}
), keyed AS (
  SELECT *, md5(CASE WHEN _unusual THEN {{escaped_key}} ELSE {{event_key}} END) AS event_id
  FROM event
)
SELECT event_id, CASE WHEN _rejection IS NULL THEN hash(event_id) END AS _hash, event_date, platform, {{columns}} event_timestamp, issues, message_id, received_at,
  _rejection, CASE WHEN _rejection IS NOT NULL THEN _body END AS _body
FROM keyed
