-- Grain: a row per row of the result, in its order. Input: $ingot_spool (VARCHAR), the private Parquet file of a query. Purpose: to hand the result on in batches.
SELECT *
FROM read_parquet($ingot_spool)
