-- grain: one row per new event that silver has already
-- inputs: $staged (event files just written), known_event
-- purpose: their rows of the duplicates table
SELECT event_date, platform, event_id, message_id, received_at
FROM read_parquet($staged, hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR})
SEMI JOIN known_event USING (event_id)
