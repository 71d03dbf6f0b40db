-- Grain: that of the table. Inputs: $paths, files of a table; $forgotten, a user or null. Purpose: the table's rows but the user's, to be written into other files.
SELECT *
FROM read_parquet($paths, hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR})
WHERE user_id IS DISTINCT FROM CAST($forgotten AS VARCHAR)
