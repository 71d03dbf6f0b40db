  SELECT event_id, event_date, platform, {{time}}, nullif(concat_ws('/', parent_path, item_index), '') AS parent_path,
    generate_subscripts(_list, 1) - 1 AS item_index, unnest(_list) AS _element
  FROM (
    SELECT *, from_json(CAST(_array AS VARCHAR), '["JSON"]') AS _list
    FROM (SELECT * EXCLUDE (_element), {{list}} AS _array FROM {{source}})
    WHERE json_type(_array) = 'ARRAY'
  )
