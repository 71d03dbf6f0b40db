-- grain: one row per rejected row of bronze
-- inputs: exact_event
-- purpose: what couldn't become an event, why, and the body as it came.
SELECT event_date, platform, message_id, received_at, event_timestamp, _rejection.reason AS reason, _rejection.detail AS detail, _body AS body
FROM exact_event
WHERE _rejection IS NOT NULL
