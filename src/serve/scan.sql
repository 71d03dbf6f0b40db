-- grain: one row per platform, product and bucket that has views or purchases
-- inputs: $paths (data files of gold.product_second), $start, $end, $step (seconds), $platform and $product (null: all),
--         $after_platform, $after_product, $after_bucket (the last row of the page before; null: there is none), $most
-- purpose: a page of an answer over more rows than are held in memory
SELECT platform, product, bucket, product_views, purchases
FROM (
  SELECT
    platform, product,
    CAST(floor((epoch(second) - $start) / $step) AS BIGINT) AS bucket,
    CAST(sum(product_views) AS BIGINT) AS product_views,
    CAST(sum(purchases) AS BIGINT) AS purchases
  FROM read_parquet($paths, hive_partitioning = false)
  WHERE second >= to_timestamp($start) AND second < to_timestamp($end)
    AND ($platform IS NULL OR platform = $platform)
    AND ($product IS NULL OR product = $product)
    AND ($after_platform IS NULL OR platform > $after_platform OR (platform = $after_platform AND product >= $after_product))
  GROUP BY ALL
) AS bucketed
WHERE product_views + purchases > 0
  AND ($after_platform IS NULL OR platform > $after_platform OR product > $after_product OR bucket > $after_bucket)
ORDER BY platform, product, bucket
LIMIT CAST($most AS BIGINT)
