-- grain: one row per row of a database that has landed and that a pass has not seen
-- inputs: landed_row (temporary table), $since (text of a time, or null), $after (an id), $most
-- purpose: rows that may have gone from the database, or whose date has left the compared range
SELECT id, version, hash, dated, withdrawn
FROM landed_row
WHERE NOT seen AND NOT withdrawn AND id > $after
  AND ($since IS NULL OR TRY_CAST(dated AS TIMESTAMP) >= TRY_CAST($since AS TIMESTAMP))
ORDER BY id
LIMIT CAST($most AS BIGINT)
