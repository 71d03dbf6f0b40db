-- grain: one row per row of bronze that repeats an event
-- inputs: exact
-- purpose: each dropped row, under the id of the event that is kept.
SELECT event_date, platform, event_id, message_id, received_at
FROM exact
WHERE _place > 1
