-- grain: one row per message id
-- inputs: $paths (data files of bronze), $ids
-- purpose: the bodies of some messages
SELECT message_id, any_value(body) AS body
FROM read_parquet($paths, union_by_name = true, hive_partitioning = false)
WHERE message_id IN (SELECT unnest($ids))
GROUP BY message_id
