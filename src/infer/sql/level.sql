-- grain: one row per value that lies directly in an object or array of `container`
-- inputs: container (path, kind, value)
-- purpose: one level further down. A path has a segment for each key, escaped as in a JSON pointer and `[` as ~2, and `[]` for an array's elements
CREATE OR REPLACE TEMP TABLE level AS
SELECT
  container.path || '/' || CASE
    WHEN container.kind = 'ARRAY' THEN '[]'
    ELSE replace(replace(replace(member.key, '~', '~0'), '/', '~1'), '[', '~2')
  END AS path,
  member.type AS kind,
  member.value AS value,
  member.id AS place
FROM container, json_each(container.value) AS member
