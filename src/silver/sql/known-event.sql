-- grain: one row per new event that silver has already
-- inputs: $staged (event files just written), $existing (event files of the same partitions)
-- purpose: which new events repeat one that is there; `_displaces` where the new message is the earlier one and would have been kept
SELECT DISTINCT
  fresh.event_id, fresh.event_date, fresh.platform,
  (fresh.received_at < known.received_at OR (fresh.received_at = known.received_at AND fresh.message_id <= known.message_id)) AS _displaces
FROM read_parquet($staged, hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR}) AS fresh
JOIN read_parquet($existing, union_by_name = true) AS known ON known.event_id = fresh.event_id
