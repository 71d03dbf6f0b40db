-- grain: one row per object of the source
-- inputs: body
-- purpose: where walking begins: the bodies that are objects
CREATE OR REPLACE TEMP TABLE container AS
SELECT '' AS path, kind, CAST(body AS JSON) AS value
FROM body
WHERE kind = 'OBJECT'
