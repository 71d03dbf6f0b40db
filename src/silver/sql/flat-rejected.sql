-- grain: one row per rejected row of bronze
-- inputs: message
-- purpose: what couldn't become an event of a contract without items, why, and the body as it came.
SELECT event_date, platform, message_id, received_at, event_timestamp, _rejection.reason AS reason, _rejection.detail AS detail, _body AS body
FROM message
WHERE _rejection IS NOT NULL
