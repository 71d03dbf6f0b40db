-- grain: one row per row of bronze
-- inputs: bronze_rows
-- purpose: an event's own columns, typed, and why it is rejected if it is. Items are read elsewhere.
-- `_doc` is the body with its numbers quoted, so that no digit is lost; `{}` of a body that is no object.
WITH source_row AS (
  SELECT message_id, received_at, event_timestamp, event_date, platform, body AS _body, regexp_like(body, {{object_start}}) AS _object
  FROM bronze_rows
), safe AS (
  SELECT *, {{safe}} AS _safe
  FROM source_row
), document AS (
  SELECT *, CASE WHEN NOT _object THEN '{}000' WHEN {{odd}} THEN {{quoted}} ELSE {{quoted_fast}} END AS _quoted
  FROM safe
), cut AS (
  SELECT *, substr(_quoted, 1, length(_quoted) - 3) AS _doc{{types_in}}
  FROM document
), found AS (
  SELECT *{{cells}}
  FROM cut
), said AS (
  SELECT *{{texts}}
  FROM found
), raw AS (
  SELECT *{{raw}}
  FROM said
), typed AS (
  SELECT *{{typed}}
  FROM raw
), judged AS (
  SELECT *, {{rule}} AS _rule
  FROM typed
)
SELECT message_id, received_at, event_timestamp, event_date, platform, _body, _safe, _doc, {{columns}}
  {{reason}} AS _reason,
  {{detail}} AS _detail,
  {{issues}} AS issues
FROM judged
