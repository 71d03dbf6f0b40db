-- Grain: a row per row of the query, in its order. Input: the query as it was written. Purpose: its columns in the form that a format wants.
SELECT {{columns}}
FROM (
{{query}}
) AS result
