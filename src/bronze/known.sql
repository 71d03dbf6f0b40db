-- grain: one row per message id
-- inputs: $paths (data files of bronze and its rejected table), $ids
-- purpose: which of these message ids bronze has
SELECT DISTINCT message_id
FROM read_parquet($paths, union_by_name = true)
WHERE message_id IN (SELECT unnest($ids))
