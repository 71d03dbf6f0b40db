-- grain: one row per row of bronze
-- inputs: bronze_rows
-- purpose: what every event is but for its items, the form of these, and whether it must be read the exact way.
-- `_form`: none, array, json (an array as JSON text), java (plain toString text); null is anything else.
WITH event AS (
  {{event_reading}}
), listed AS (
  SELECT *, json_type(_body, $item_types_at) AS _elements
  FROM event
), probed AS (
  SELECT *, CASE WHEN coalesce(len(_elements), 0) = 0 THEN json_type(_body, $items_at) END AS _items_type
  FROM listed
), quoted AS (
  SELECT *, CASE WHEN _items_type = 'VARCHAR' THEN CAST(json_extract(_body, $items_at) AS VARCHAR) END AS _quoted
  FROM probed
), formed AS (
  SELECT *,
    CASE
      WHEN len(_elements) > 0 THEN 'array'
      WHEN _items_type IS NULL OR _items_type IN ('NULL', 'ARRAY') OR list_contains($empty_items, _quoted) THEN 'none'
      WHEN regexp_full_match(_quoted, $plain_items) THEN 'java'
      WHEN starts_with(_quoted, '"[{\"') THEN 'json'
    END AS _form
  FROM quoted
), texted AS (
  SELECT *, CASE WHEN _form = 'json' THEN json_extract_string(_body, $items_at) END AS _text
  FROM formed
)
SELECT message_id, received_at, event_timestamp, event_date, platform, {{columns}} _form,
  (_unusual OR _rejection IS NOT NULL OR len(issues) > 0 OR NOT CASE _form
    WHEN 'none' THEN true
    WHEN 'java' THEN true
    WHEN 'array' THEN list_distinct(_elements) = ['OBJECT']
    WHEN 'json' THEN CASE WHEN json_valid(_text) THEN list_distinct(json_type(_text, '$[*]')) = ['OBJECT'] AND NOT {{text_unusual}} ELSE false END
    ELSE false
  END) AS _exact
FROM texted
