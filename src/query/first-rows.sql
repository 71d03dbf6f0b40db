-- Grain: a row per row of the query, in its order, at most $ingot_rows (BIGINT). Purpose: what is shown of a long result.
SELECT *
FROM (
{{query}}
) AS result
LIMIT $ingot_rows
