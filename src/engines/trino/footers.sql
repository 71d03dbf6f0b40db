-- grain: one row per file and top-level column
-- inputs: $paths (Parquet files that an engine has written)
-- purpose: what their footers say: rows, and the least and greatest value and the nulls of each column
SELECT
  file_name, path_in_schema AS column_name,
  sum(row_group_num_rows) AS rows,
  CASE WHEN count(stats_min_value) = count(*) THEN min(stats_min_value) END AS least,
  CASE WHEN count(stats_max_value) = count(*) THEN max(stats_max_value) END AS greatest,
  sum(coalesce(stats_null_count, 0)) AS nulls
FROM parquet_metadata($paths)
GROUP BY file_name, path_in_schema
ORDER BY file_name, path_in_schema
