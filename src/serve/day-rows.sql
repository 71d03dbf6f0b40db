-- grain: one row per row of a data file
-- inputs: $paths (one data file of gold.product_second)
-- purpose: its numbers, those of a key together, by second
SELECT CAST(epoch(second) AS DOUBLE) AS second, CAST(product_views AS DOUBLE) AS product_views, CAST(purchases AS DOUBLE) AS purchases
FROM read_parquet($paths, hive_partitioning = false)
ORDER BY platform, product, second
