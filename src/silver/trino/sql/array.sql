-- grain: one row per element of an array of the kept events
-- inputs: {{source}}
-- purpose: an array's elements by their event, the places of the elements around them and their own, typed.
WITH event AS (
  SELECT event_id, event_date, platform, event_timestamp, CAST(NULL AS VARCHAR) AS parent_path, CAST(NULL AS BIGINT) AS item_index, _doc AS _element
  FROM {{source}}
  WHERE {{kept}}
), {{levels}}, element AS (
  SELECT event_id, event_date, platform, event_timestamp, parent_path, item_index, CASE WHEN starts_with(_element, '{') THEN _element ELSE array_join(ARRAY['{"value":', _element, '}'], '') END AS _element
  FROM {{last}}
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
SELECT event_id, parent_path, item_index, event_date, platform, event_timestamp AS {{time}}, {{columns}}
  {{issues}} AS issues
FROM typed
