  -- A message that came twice has one body.
  SELECT event_id, event_date, platform, {{time}}, CAST(NULL AS VARCHAR) AS parent_path, CAST(NULL AS BIGINT) AS item_index, CAST({{body_quoted}} AS JSON) AS _element
  FROM read_parquet($item_files, hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR}) AS kept
  JOIN (SELECT message_id, any_value(body) AS body FROM bronze_rows GROUP BY message_id) AS message USING (message_id)
