-- grain: one row per platform and product of a data file
-- inputs: $paths (one data file of gold.product_second)
-- purpose: the keys in their order, and how many rows each has
SELECT platform, product, CAST(count(*) AS DOUBLE) AS rows
FROM read_parquet($paths, hive_partitioning = false)
GROUP BY platform, product
ORDER BY platform, product
