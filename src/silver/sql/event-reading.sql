-- grain: one row per row of the source
-- inputs: bronze_rows, or some of them
-- purpose: an event's own columns, typed, and why it is rejected if it is. Both ways read them here; items are read elsewhere.
WITH source_row AS (
  SELECT message_id, received_at, event_timestamp, event_date, platform, body AS _body
  FROM {{source}}
), tested AS (
  SELECT *, {{unusual}} AS _unusual
  FROM source_row
), document AS (
  SELECT *, CASE WHEN NOT _unusual THEN _body WHEN json_type(_body) = 'OBJECT' THEN {{body_quoted}} ELSE '{}' END AS _doc
  FROM tested
), found AS (
  -- In a usual row what stands under a key is a plain value: its type needs no second look.
  SELECT *, CASE WHEN _unusual THEN json_type({{types_in}}, $event_at) END AS _types, {{parents}} json_extract_string(_doc, $event_at) AS _texts
  FROM document
), raw AS (
  SELECT *, {{raw}}
  FROM found
), typed AS (
  SELECT *,
    {{typed}}
  FROM raw
)
SELECT *, {{rejection}} AS _rejection,
  {{issues}} AS issues
FROM typed
