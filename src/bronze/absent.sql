-- grain: one row per message just written that bronze has already
-- inputs: $staged (files just written), $known (data files of bronze or of its rejected table); the slot `same`
-- purpose: which messages of raw history are left out
SELECT fresh.message_id
FROM read_parquet($staged, hive_partitioning = false) AS fresh
SEMI JOIN read_parquet($known, union_by_name = true, hive_partitioning = false) AS known ON {{same}}
