-- grain: one row per data file that holds rows of messages that are no more
-- inputs: $paths (data files of a table of silver), {{staying}} (temporary table of what stays), {{key}} (its column)
-- purpose: which files are to be rewritten
SELECT filename AS path, count(*) AS gone
FROM read_parquet($paths, filename = true, union_by_name = true, hive_partitioning = false) AS row_of_silver
ANTI JOIN {{staying}} AS staying ON staying.{{key}} = row_of_silver.{{key}}
GROUP BY filename
