-- grain: one row per hash that several events have
-- inputs: message
-- purpose: which events may be duplicates of each other: few, so only these are ordered
SELECT _hash
FROM message
WHERE _hash IS NOT NULL
GROUP BY _hash
HAVING count(*) > 1
