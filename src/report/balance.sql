-- grain: one row per event_date
-- inputs: audit_bronze, audit_event, audit_rejected, audit_duplicates (the tables of one dataset, at one version each)
-- purpose: rows of bronze beside what silver made of them
SELECT
  event_date,
  CAST(sum(bronze) AS BIGINT) AS bronze,
  CAST(sum(silver) AS BIGINT) AS silver,
  CAST(sum(rejected) AS BIGINT) AS rejected,
  CAST(sum(duplicates) AS BIGINT) AS duplicates
FROM (
  SELECT event_date, count(*) AS bronze, 0 AS silver, 0 AS rejected, 0 AS duplicates FROM audit_bronze GROUP BY event_date
  UNION ALL
  SELECT event_date, 0, count(*), 0, 0 FROM audit_event GROUP BY event_date
  UNION ALL
  SELECT event_date, 0, 0, count(*), 0 FROM audit_rejected GROUP BY event_date
  UNION ALL
  SELECT event_date, 0, 0, 0, count(*) FROM audit_duplicates GROUP BY event_date
) AS counted
GROUP BY event_date
ORDER BY event_date
