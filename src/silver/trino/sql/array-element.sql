  SELECT event_id, event_date, platform, event_timestamp, nullif(concat_ws('/', parent_path, CAST(item_index AS VARCHAR)), '') AS parent_path,
    _place_of - 1 AS item_index, _inner AS _element
  FROM (
    SELECT *, {{list}} AS _array
    FROM {{source}}
  )
  CROSS JOIN UNNEST(CASE WHEN starts_with(_array, '[') THEN {{elements}} END) WITH ORDINALITY AS list (_inner, _place_of)
