-- grain: one row per file of the rejected table, reason, and partition of bronze
-- inputs: the slot `again`: land.sql over again.sql
-- purpose: rejected messages that have an event time by the contract as it is now, and where they would go
SELECT filename, rejected_as, CAST(event_date AS VARCHAR) AS event_date, platform, count(*) AS rows
FROM ({{again}}) AS again
WHERE reason IS NULL
GROUP BY ALL
