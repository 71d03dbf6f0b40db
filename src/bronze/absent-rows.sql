-- grain: one row per message just written that bronze does not have
-- inputs: $staged (files just written), known_message (what absent.sql gave); the slots `columns` (those of the table) and `partition_types` (`event_date: DATE, platform: VARCHAR`)
-- purpose: the rows of raw history that land
SELECT {{columns}}
FROM read_parquet($staged, hive_partitioning = true, hive_types = {{{partition_types}}}) AS staged
ANTI JOIN known_message USING (message_id)
