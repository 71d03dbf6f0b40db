-- grain: one row per element of items
-- inputs: $files (the Parquet files of bronze)
-- purpose: the least that types and unnests items that are JSON arrays: no check, no id, no index, no duplicates, no rejected rows
SELECT
  event_date,
  platform,
  body ->> 'user_id' AS user_id,
  body ->> 'event_name' AS event_name,
  event_timestamp,
  unnest(from_json(body -> 'items', '[{
    "item_id": "VARCHAR", "item_name": "VARCHAR", "item_brand": "VARCHAR", "item_variant": "VARCHAR", "item_category": "VARCHAR",
    "item_category2": "VARCHAR", "item_category3": "VARCHAR", "item_category4": "VARCHAR", "item_category5": "VARCHAR",
    "price_in_usd": "DECIMAL(18,4)", "price": "DECIMAL(18,4)", "quantity": "BIGINT", "item_revenue_in_usd": "DECIMAL(18,4)", "item_revenue": "DECIMAL(18,4)",
    "coupon": "VARCHAR", "affiliation": "VARCHAR", "item_list_id": "VARCHAR", "item_list_name": "VARCHAR", "item_list_index": "BIGINT", "index": "BIGINT",
    "promotion_id": "VARCHAR", "promotion_name": "VARCHAR",
    "item_params": [{"key": "VARCHAR", "value": {"string_value": "VARCHAR", "int_value": "VARCHAR", "float_value": "VARCHAR", "double_value": "VARCHAR"}}]
  }]'), max_depth := 2)
FROM read_parquet(CAST($files AS VARCHAR[]), hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR})
WHERE json_valid(body)
