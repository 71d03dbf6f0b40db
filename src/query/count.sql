-- Grain: one row. Input: the query as it was written. Purpose: how many rows it has.
SELECT count(*) AS rows
FROM (
{{query}}
) AS result
