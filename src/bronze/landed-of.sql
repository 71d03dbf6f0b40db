-- grain: as landed.sql
-- inputs: landed_row (temporary table, by landed.sql), $ids
-- purpose: what has landed of some rows, the newest landing of each first
SELECT id, version, hash, dated, withdrawn, rejected, ambiguous, newest, stands
FROM landed_row
WHERE id IN (SELECT unnest($ids))
ORDER BY id, newest DESC, dated
