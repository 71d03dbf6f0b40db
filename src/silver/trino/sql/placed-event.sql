-- grain: one row per kept event
-- inputs: placed
-- purpose: the event table.
SELECT event_id, event_date, platform, {{columns}} event_timestamp AS {{time}}, item_count, issues, message_id, received_at
FROM placed
WHERE _place = 1
