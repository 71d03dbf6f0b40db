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
  SELECT *, json_type(_doc, $event_types_at) AS _types, json_extract_string(_doc, $event_texts_at) AS _texts
  FROM document
), raw AS (
  SELECT *, {{raw}}
  FROM found
), typed AS (
  SELECT *, _types[{{items_place}}] AS _items_type,
    {{typed}}
  FROM raw
)
SELECT *, {{rejection}} AS _rejection,
  {{issues}} AS issues
FROM typed
