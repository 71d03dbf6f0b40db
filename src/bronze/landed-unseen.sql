-- grain: as landed.sql
-- inputs: landed_row (temporary table, by landed.sql), $since (text of a time, or null), $most
-- purpose: the first rows by date that a pass has not seen: they may have gone from the database, or their date has left the compared
--   range. Those of which nothing stands are done with
WITH unseen AS (
  SELECT id
  FROM landed_row
  WHERE stands AND NOT seen AND ($since IS NULL OR TRY_CAST(dated AS TIMESTAMP) >= TRY_CAST($since AS TIMESTAMP))
  GROUP BY id
  ORDER BY min(dated), id
  LIMIT CAST($most AS BIGINT)
)
SELECT id, version, hash, dated, withdrawn, rejected, ambiguous, newest, stands
FROM landed_row SEMI JOIN unseen USING (id)
ORDER BY id, newest DESC, dated
