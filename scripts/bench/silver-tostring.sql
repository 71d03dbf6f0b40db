-- grain: one row per element of items
-- inputs: $files (the Parquet files of bronze)
-- purpose: the least that types and unnests items in Java toString form: rewritten to JSON at each known key; no check, no id, no index,
--          no duplicates, no rejected rows, item_params left as text
SELECT
  event_date,
  platform,
  body ->> 'user_id' AS user_id,
  body ->> 'event_name' AS event_name,
  event_timestamp,
  unnest(from_json(CASE WHEN starts_with(items, '"[{') THEN
    '[' || substr(regexp_replace(regexp_replace(
      '}, {' || substr(items, 4, length(items) - 6),
      ', (item_id|item_name|item_brand|item_variant|item_category[2-5]?|price_in_usd|price|quantity|item_revenue_in_usd|item_revenue|coupon|affiliation|item_list_id|item_list_name|item_list_index|promotion_id|promotion_name|item_params)=',
      '","\1":"', 'g'),
      '[}], [{](item_id|item_name|item_brand|item_variant|item_category[2-5]?|price_in_usd|price|quantity|item_revenue_in_usd|item_revenue|coupon|affiliation|item_list_id|item_list_name|item_list_index|promotion_id|promotion_name|item_params)=',
      '"},{"\1":"', 'g'), 4) || '"}]' END,
    '[{
    "item_id": "VARCHAR", "item_name": "VARCHAR", "item_brand": "VARCHAR", "item_variant": "VARCHAR", "item_category": "VARCHAR",
    "item_category2": "VARCHAR", "item_category3": "VARCHAR", "item_category4": "VARCHAR", "item_category5": "VARCHAR",
    "price_in_usd": "DECIMAL(18,4)", "price": "DECIMAL(18,4)", "quantity": "BIGINT", "item_revenue_in_usd": "DECIMAL(18,4)", "item_revenue": "DECIMAL(18,4)",
    "coupon": "VARCHAR", "affiliation": "VARCHAR", "item_list_id": "VARCHAR", "item_list_name": "VARCHAR", "item_list_index": "BIGINT",
    "promotion_id": "VARCHAR", "promotion_name": "VARCHAR", "item_params": "VARCHAR"
  }]'), max_depth := 2)
FROM (
  SELECT event_date, platform, event_timestamp, body, CAST(body -> 'items' AS VARCHAR) AS items
  FROM read_parquet(CAST($files AS VARCHAR[]), hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR})
  WHERE json_valid(body)
)
