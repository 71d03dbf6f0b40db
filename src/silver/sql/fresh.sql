-- grain: as the staged files
-- inputs: $staged (files of the event or the item table just written), known_event
-- purpose: the rows of the events that silver does not have yet
SELECT staged.*
FROM read_parquet($staged, hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR}) AS staged
ANTI JOIN known_event USING (event_id)
