-- grain: path
-- inputs: the slot `nodes` (a relation of path, kind, text), $paths (those with few distinct values), $top_values
-- purpose: the exact number of distinct values, and the most frequent ones, of equally frequent ones the least
SELECT path, count(*) AS distinct_values, min({'less': -rows, 'text': text}, $top_values) AS top
FROM (
  SELECT path, text, count(*) AS rows
  FROM {{nodes}}
  WHERE text IS NOT NULL AND path IN (SELECT unnest($paths))
  GROUP BY path, text
) AS counted
GROUP BY path
