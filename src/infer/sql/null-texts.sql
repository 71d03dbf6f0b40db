-- grain: text
-- inputs: the slot `nodes` (a relation of path, kind, text), $null_texts
-- purpose: texts that are likely to mean null, the most frequent first
SELECT text, count(*) AS rows
FROM {{nodes}}
WHERE kind = 'VARCHAR' AND text IN (SELECT unnest($null_texts))
GROUP BY text
ORDER BY rows DESC, text
