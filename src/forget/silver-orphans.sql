-- grain: one row per partition (JSON) in which a duplicate outlives the event that it repeats
-- inputs: {{duplicates}} (a view), staying_message, staying_event (temporary tables)
-- purpose: there the duplicate would become the event: such a partition is built anew
SELECT DISTINCT to_json({event_date: CAST(duplicate.event_date AS VARCHAR), platform: duplicate.platform}) AS partition
FROM {{duplicates}} AS duplicate
SEMI JOIN staying_message ON staying_message.message_id = duplicate.message_id
ANTI JOIN staying_event ON staying_event.event_id = duplicate.event_id
