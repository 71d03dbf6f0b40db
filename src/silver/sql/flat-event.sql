-- grain: one row per kept event
-- inputs: message, held, exact
-- purpose: the event table of a contract without items.
SELECT event_id, event_date, platform, {{columns}} event_timestamp AS {{time}}, issues, message_id, received_at
FROM message
ANTI JOIN held USING (_hash)
WHERE _hash IS NOT NULL
UNION ALL
SELECT event_id, event_date, platform, {{columns}} event_timestamp AS {{time}}, issues, message_id, received_at
FROM exact
WHERE _place = 1
