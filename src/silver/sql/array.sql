-- grain: one row per element of an array of the kept events
-- inputs: bronze_rows, the event files just written ($item_files)
-- purpose: an array's elements by their event, the places of the elements around them and their own, typed.
WITH event AS (
{{event}}
), {{levels}}, element AS (
  SELECT * REPLACE (CASE WHEN json_type(_element) = 'OBJECT' THEN _element ELSE json_object('value', _element) END AS _element)
  FROM {{last}}
), found AS (
  SELECT event_id, parent_path, item_index, event_date, platform, {{time}}, json_type(_element, {{at}}) AS _types, {{parents}} json_extract_string(_element, {{at}}) AS _texts
  FROM element
), raw AS (
  SELECT *, {{raw}}
  FROM found
), typed AS (
  SELECT *, {{typed}}
  FROM raw
)
SELECT event_id, parent_path, item_index, event_date, platform, {{time}}, {{columns}}
  {{issues}} AS issues
FROM typed
