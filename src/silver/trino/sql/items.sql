-- grain: one row per row of bronze
-- inputs: bronze_rows
-- purpose: an event's own columns and its items as a list of JSON elements, from whichever form they came in.
-- `_elements` is null for items that can't be read.
WITH event AS (
  {{event_reading}}
), probed AS (
  SELECT *, {{items_cell}} AS _items
  FROM event
), kinded AS (
  SELECT *, CASE WHEN substr(_items, 1, 1) = '"' THEN {{items_kind}} ELSE substr(_items, 1, 1) END AS _items_kind
  FROM probed
), texted AS (
  SELECT *, CASE WHEN _items_kind = '"' THEN json_extract_scalar(_items, '$') END AS _text
  FROM kinded
), formed AS (
  SELECT *,
    CASE
      WHEN _items_kind IS NULL OR _items_kind = 'n' OR (_items_kind = '"' AND {{text_is_null}}) THEN 'none'
      WHEN _items_kind = '[' THEN 'array'
      WHEN _items_kind <> '"' THEN NULL
      WHEN {{text_is_json}} THEN CASE WHEN regexp_like(_text, '\A[ \t\r\n]*\[') THEN 'json' END
      WHEN starts_with(_items, '"[{') THEN 'java'
    END AS _form
  FROM texted
), masked AS (
  -- Maps are taken out of a toString text first: what looks like a key inside one of their values is data.
  SELECT *,
    CASE WHEN _form = 'java' THEN regexp_replace(_items, $map_text, '$1' || chr(1)) END AS _masked,
    CASE WHEN _form = 'java' THEN regexp_extract_all(_items, $map_text, 2) END AS _maps
  FROM formed
), split AS (
  SELECT *,
    CASE WHEN starts_with(reverse(_masked), '"]}') AND length(_masked) > 6 AND NOT regexp_like(array_join(_maps, ' '), $swallowed_item)
      THEN split(array_join(ARRAY['[', substr(regexp_replace(regexp_replace(array_join(ARRAY['}, {', substr(_masked, 4, length(_masked) - 6)], ''),
        $next_key, '","$1":"'), $next_item, '"},{"$1":"'), 4), '"}]'], ''), '"' || chr(1) || '"')
    END AS _pieces
  FROM masked
), rewritten AS (
  SELECT *,
    CASE _form
      WHEN 'array' THEN _items
      WHEN 'json' THEN {{text_minified}}
      WHEN 'java' THEN CASE WHEN cardinality(_pieces) = cardinality(_maps) + 1 THEN array_join(zip_with(_pieces, transform(_maps, entries -> regexp_replace(entries, $map_entry,
          '{"key":"$1","value":{"string_value":"$2","int_value":"$3","float_value":"$4","double_value":"$5"}}')),
        (piece, entries) -> array_join(ARRAY[piece, entries], '')), '') END
    END AS _json
  FROM split
), checked AS (
  SELECT *, CASE WHEN _form <> 'java' THEN _json WHEN {{java_is_json}} THEN json_format(json_extract(_json, '$')) END AS _list
  FROM rewritten
), listed AS (
  SELECT *, CASE WHEN _list IS NOT NULL THEN {{elements}} END AS _found
  FROM checked
), read AS (
  -- An item that begins with an unknown key would melt into the one before it: its other keys are there twice.
  SELECT *,
    CASE WHEN all_match(_found, element -> starts_with(element, '{')
      AND NOT (_form = 'java' AND regexp_like(element, '[}], [{][a-z][a-z0-9_]*=') AND TRY(CAST(json_extract(element, '$') AS MAP(VARCHAR, JSON))) IS NULL))
      THEN _found END AS _elements
  FROM listed
)
SELECT CAST(uuid() AS VARCHAR) AS _row, message_id, received_at, event_timestamp, event_date, platform, {{columns}} issues, _body, {{doc}} AS _doc, _elements,
  coalesce(_form, '') = 'java' AS _java,
  CASE WHEN _reason IS NOT NULL THEN _reason WHEN _elements IS NULL AND coalesce(_form, '') <> 'none' THEN {{items_reason}} END AS _reason,
  CASE WHEN _reason IS NOT NULL THEN _detail WHEN _elements IS NULL AND coalesce(_form, '') <> 'none' THEN substr(coalesce(_text, {{items_detail}}), 1, 200) END AS _detail
FROM read
