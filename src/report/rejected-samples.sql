-- grain: one row per sampled row
-- inputs: rejected_row, $samples
-- purpose: the newest rows of each reason; which they are is told from narrow columns, and only these rows' bodies are read
WITH picked AS (
  SELECT layer, reason, received_at, message_id
  FROM rejected_row
  QUALIFY row_number() OVER (PARTITION BY layer, reason ORDER BY received_at DESC, message_id) <= CAST($samples AS BIGINT)
)
SELECT layer, reason, detail, received_at, message_id, body
FROM rejected_row
SEMI JOIN picked USING (layer, reason, received_at, message_id)
ORDER BY layer, reason, received_at DESC, message_id
