-- grain: one row per message_id that is read the exact way
-- inputs: message
-- purpose: unusual and rejected rows, and all that may be duplicates of each other: those that agree on the columns that are never null.
SELECT DISTINCT message_id
FROM message
WHERE _exact
UNION
SELECT message_id
FROM message
GROUP BY message_id
HAVING count(*) > 1
UNION
SELECT message_id
FROM message
SEMI JOIN (
  SELECT {{same}}
  FROM message
  GROUP BY {{same}}
  HAVING count(*) > 1
) AS shared USING ({{same}})
