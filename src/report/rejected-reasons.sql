-- grain: one row per layer and reason
-- inputs: rejected_row
-- purpose: how many rows, and when the first and the last of them came
SELECT layer, reason, count(*) AS rows, min(received_at) AS first_received_at, max(received_at) AS last_received_at
FROM rejected_row
GROUP BY layer, reason
ORDER BY layer, rows DESC, reason
