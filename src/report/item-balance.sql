-- grain: one row per event_date where they differ
-- inputs: audit_event, audit_item
-- purpose: items that events say they have, beside the item rows
SELECT event_date, CAST(sum(expected) AS BIGINT) AS expected, CAST(sum(found) AS BIGINT) AS found
FROM (
  SELECT event_date, sum(item_count) AS expected, 0 AS found FROM audit_event GROUP BY event_date
  UNION ALL
  SELECT event_date, 0, count(*) FROM audit_item GROUP BY event_date
) AS counted
GROUP BY event_date
HAVING sum(expected) <> sum(found)
ORDER BY event_date
