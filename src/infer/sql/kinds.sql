-- grain: kind
-- inputs: body
-- purpose: what the lines of a source are
SELECT coalesce(kind, 'NOT_JSON') AS kind, count(*) AS rows
FROM body
GROUP BY kind
ORDER BY rows DESC, kind
