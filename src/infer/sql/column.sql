-- grain: one row per row of the query
-- inputs: the slot `query` (a SELECT), the slots `column` (one of its columns), `kind` (of its values, as those of JSON) and `text` (its values as texts), $path
-- purpose: a column of a table in the form in which paths of JSON are counted
(
  SELECT $path AS path, CASE WHEN {{column}} IS NULL THEN 'NULL' ELSE {{kind}} END AS kind, {{text}} AS text, 0 AS place
  FROM (
{{query}}
  ) AS source
)
