-- grain: one row per layer, reason and detail
-- inputs: rejected_row, $samples
-- purpose: the details that most rows of a reason have
SELECT layer, reason, detail, count(*) AS rows
FROM rejected_row
WHERE detail IS NOT NULL
GROUP BY layer, reason, detail
QUALIFY row_number() OVER (PARTITION BY layer, reason ORDER BY count(*) DESC, detail) <= CAST($samples AS BIGINT)
ORDER BY layer, reason, rows DESC, detail
