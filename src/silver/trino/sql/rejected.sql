-- grain: one row per rejected row of bronze
-- inputs: message
-- purpose: what couldn't become an event, why, and the body as it came.
SELECT message_id, received_at, event_timestamp, event_date, platform, _reason AS reason, _detail AS detail, _body AS body
FROM message
WHERE _reason IS NOT NULL
