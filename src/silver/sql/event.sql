-- grain: one row per kept event
-- inputs: message, held, the item files just written, exact
-- purpose: the event table. An id needs the items decoded, which the item table has done already.
WITH written AS (
  {{written}}
), quick AS (
  SELECT * FROM message ANTI JOIN held USING (message_id)
)
SELECT CASE WHEN _form = 'none' THEN md5({{event_key}}) ELSE coalesce(written.event_id, error('an event has lost its items')) END AS event_id,
  event_date, platform, {{columns}} event_timestamp AS {{time}}, CASE WHEN _form = 'none' THEN 0 ELSE item_count END AS item_count,
  CAST([] AS VARCHAR[]) AS issues, message_id, received_at
FROM quick
LEFT JOIN written USING ({{same}})
UNION ALL
SELECT event_id, event_date, platform, {{columns}} event_timestamp AS {{time}}, item_count, issues, message_id, received_at
FROM exact
WHERE _place = 1
