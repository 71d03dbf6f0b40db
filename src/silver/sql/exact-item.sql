-- grain: one row per item of the events that are read the exact way
-- inputs: exact_event
-- purpose: the item columns, typed, with the names of those that couldn't be read, and the item's part of the duplicate key.
-- `_row` is the event's rowid: a row_number() would make one thread read all events.
WITH element AS (
  SELECT rowid AS _row, _java, {{event_date}} unnest(_elements) AS _element, generate_subscripts(_elements, 1) - 1 AS item_index
  FROM exact_event
  WHERE _rejection IS NULL
), found AS (
  SELECT _row, _java, {{event_date}} item_index, json_type(_element, $item_at) AS _types, {{parents}} json_extract_string(_element, $item_at) AS _texts
  FROM element
), raw AS (
  SELECT *, {{raw}}
  FROM found
), typed AS (
  SELECT *, {{typed}}
  FROM raw
)
SELECT _row, item_index, {{columns}}
  {{issues}} AS _issues,
  {{item_key}} AS _key
FROM typed
