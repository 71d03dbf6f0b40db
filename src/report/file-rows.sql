-- grain: one row per data file
-- inputs: $paths
-- purpose: rows by each file's own footer
SELECT file_name, num_rows
FROM parquet_file_metadata($paths)
