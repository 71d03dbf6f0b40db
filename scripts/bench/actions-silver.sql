-- grain: one row per row of bronze
-- inputs: $files (data files of bronze)
-- purpose: the least that types actions: one from_json, no check of types, no duplicates found
SELECT read.event_name, read.user_identifiers.id AS user_id, read.product_information.name AS product_name, read.product_information.SKU AS SKU,
  event_timestamp AS event_datetime, event_date, platform, message_id, received_at
FROM (
  SELECT *, from_json(body, '{"event_name":"VARCHAR","user_identifiers":{"id":"VARCHAR"},"product_information":{"name":"VARCHAR","SKU":"VARCHAR"}}') AS read
  FROM read_parquet($files, hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR})
) AS bronze
