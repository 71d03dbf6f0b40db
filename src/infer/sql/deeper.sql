-- grain: one row per object or array of the level
-- inputs: level (path, kind, value)
-- purpose: what is walked into next
CREATE OR REPLACE TEMP TABLE container AS
SELECT path, kind, value
FROM level
WHERE kind IN ('OBJECT', 'ARRAY')
