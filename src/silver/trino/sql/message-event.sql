-- grain: one row per kept event
-- inputs: message
-- purpose: the event table of a contract without items.
SELECT event_id, event_date, platform, {{columns}} event_timestamp AS {{time}}, issues, message_id, received_at
FROM message
WHERE _reason IS NULL AND _place = 1
