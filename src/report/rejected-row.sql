-- grain: one row per rejected row of a layer
-- inputs: rejected_in_bronze, rejected_in_silver
-- purpose: both layers' rejects in one form; the beginning of the body in base64, since bronze's may be no text
SELECT 'bronze' AS layer, reason, CAST(NULL AS VARCHAR) AS detail, received_at, message_id, to_base64(body[1:800]) AS body
FROM rejected_in_bronze
UNION ALL
SELECT 'silver', reason, detail, received_at, message_id, to_base64(encode(left(body, 201)))
FROM rejected_in_silver
