-- grain: path, text
-- inputs: the slot `nodes` (a relation of path, kind, text), $paths (those with many distinct values), $top_values
-- purpose: values that are probably the most frequent, with their exact counts
WITH chosen AS (
  SELECT path, unnest(approx_top_k(text, $top_values)) AS text
  FROM {{nodes}}
  WHERE text IS NOT NULL AND path IN (SELECT unnest($paths))
  GROUP BY path
)
SELECT path, text, count(*) AS rows
FROM {{nodes}}
JOIN chosen USING (path, text)
GROUP BY path, text
HAVING count(*) > 1
ORDER BY path, rows DESC, text
