-- grain: one row per file and partition of bronze
-- inputs: the slot `placed`: placed.sql
-- purpose: rows of bronze without a platform that have one by the contract as it is now
SELECT filename, CAST(event_date AS VARCHAR) AS event_date, platform, count(*) AS rows
FROM ({{placed}}) AS placed
WHERE platform IS NOT NULL
GROUP BY ALL
