-- grain: one row per row of bronze that repeats an event
-- inputs: {{source}}
-- purpose: each dropped row, under the id of the event that is kept.
SELECT event_id, event_date, platform, message_id, received_at
FROM {{source}}
WHERE {{kept}}_place > 1
