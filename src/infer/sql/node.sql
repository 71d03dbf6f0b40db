-- grain: one row per value of the level
-- inputs: level (path, kind, value, place)
-- purpose: values as texts; objects and arrays count, and have none
INSERT INTO node
SELECT path, kind, CASE WHEN kind = 'VARCHAR' THEN value ->> '$' WHEN kind NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN CAST(value AS VARCHAR) END, place
FROM level
