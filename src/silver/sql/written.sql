-- grain: one row per event with items
-- inputs: the item files just written
-- purpose: the ids and counts that the item table has, to be found by the columns that no two events read the quick way share.
SELECT event_id, {{same_of_any}}, count(*) AS item_count
FROM read_parquet($item_files, hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR})
GROUP BY event_id
