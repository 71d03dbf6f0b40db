-- grain: one row per item of the events that aren't rejected
-- inputs: message
-- purpose: the item columns, typed, with the names of those that couldn't be read, and the item's part of the duplicate key.
WITH element AS (
  SELECT _row, _java, event_date, _place_of - 1 AS item_index, _element
  FROM message
  CROSS JOIN UNNEST(_elements) WITH ORDINALITY AS item (_element, _place_of)
  WHERE _reason IS NULL
), found AS (
  SELECT *{{cells}}
  FROM element
), said AS (
  SELECT *{{texts}}
  FROM found
), raw AS (
  SELECT *{{raw}}
  FROM said
), typed AS (
  SELECT *{{typed}}
  FROM raw
)
SELECT _row, item_index, {{columns}}
  {{issues}} AS _issues,
  {{item_key}} AS _key
FROM typed
