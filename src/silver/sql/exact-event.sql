-- grain: one row per row of bronze that is read the exact way
-- inputs: bronze_rows, held
-- purpose: an event's own columns and its items as a list of JSON elements, from whichever form they came in.
-- `_elements` is null for items that can't be read, `_empty` tells that there are none.
WITH event AS (
  {{event_reading}}
), probed AS (
  SELECT *, json_type(_body, $items_at) AS _items_type
  FROM event
), texted AS (
  SELECT *,
    CASE WHEN _items_type = 'VARCHAR' THEN json_extract_string(_body, $items_at) END AS _text,
    CASE WHEN _items_type = 'VARCHAR' THEN CAST(json_extract(_body, $items_at) AS VARCHAR) END AS _quoted
  FROM probed
), formed AS (
  SELECT *,
    CASE
      WHEN _items_type IS NULL OR _items_type = 'NULL' OR (_items_type = 'VARCHAR' AND {{text_is_null}}) THEN 'none'
      WHEN _items_type = 'ARRAY' THEN 'array'
      WHEN json_valid(_text) THEN CASE WHEN json_type(_text) = 'ARRAY' THEN 'json' END
      WHEN starts_with(_quoted, '"[{') THEN 'java'
    END AS _form
  FROM texted
), masked AS (
  -- Maps are taken out of a toString text first: what looks like a key inside one of their values is data.
  SELECT *,
    CASE WHEN _form = 'java' THEN regexp_replace(_quoted, $map_text, '\1' || chr(1), 'g') END AS _masked,
    CASE WHEN _form = 'java' THEN regexp_extract_all(_quoted, $map_text, 2) END AS _maps
  FROM formed
), split AS (
  SELECT *,
    CASE WHEN ends_with(_masked, '}]"') AND length(_masked) > 6 AND NOT regexp_matches(array_to_string(_maps, ' '), $swallowed_item)
      THEN string_split('[' || substr(regexp_replace(regexp_replace('}, {' || substr(_masked, 4, length(_masked) - 6),
        $next_key, '","\1":"', 'g'), $next_item, '"},{"\1":"', 'g'), 4) || '"}]', '"' || chr(1) || '"')
    END AS _pieces
  FROM masked
), rewritten AS (
  SELECT *,
    CASE _form
      WHEN 'array' THEN CAST(json_extract(_doc, $items_at) AS VARCHAR)
      WHEN 'json' THEN {{text_quoted}}
      WHEN 'java' THEN CASE WHEN len(_pieces) = len(_maps) + 1 THEN array_to_string(list_transform(
        list_zip(_pieces, list_transform(_maps, lambda entries: regexp_replace(entries, $map_entry,
          '{"key":"\1","value":{"string_value":"\2","int_value":"\3","float_value":"\4","double_value":"\5"}}', 'g'))),
        lambda pair: pair[1] || coalesce(pair[2], '')), '') END
    END AS _json
  FROM split
), listed AS (
  SELECT *, CASE WHEN json_valid(_json) THEN from_json(_json, '["JSON"]') END AS _list
  FROM rewritten
), judged AS (
  -- An item that begins with an unknown key would melt into the one before it: its other keys are there twice.
  SELECT *,
    CASE WHEN len(list_filter(_list, lambda element: element IS NULL OR json_type(element) <> 'OBJECT'
      OR (_form = 'java' AND regexp_matches(CAST(element AS VARCHAR), '[}], [{][a-z][a-z0-9_]*=') AND NOT list_unique(json_keys(element)) = len(json_keys(element))))) = 0
      THEN _list END AS _elements
  FROM listed
)
SELECT message_id, received_at, event_timestamp, event_date, platform, {{columns}} issues, _body, _elements,
  coalesce(_form, '') = 'java' AS _java,
  coalesce(_rejection, CASE WHEN _elements IS NULL AND coalesce(_form, '') <> 'none'
    THEN {'reason': '{{items_reason}}', 'detail': left(coalesce(_text, CAST(json_extract(_body, $items_at) AS VARCHAR)), 200)} END) AS _rejection
FROM judged
