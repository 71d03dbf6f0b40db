-- grain: one row per outcome
-- inputs: replay_before (message ids that silver rejected), replay_event, replay_duplicate, replay_rejected (silver's tables now, of their dates)
-- purpose: what has become of rows that silver rejected
SELECT outcome, count(*) AS rows
FROM (
  SELECT CASE
    WHEN message_id IN (SELECT message_id FROM replay_rejected) THEN 'rejected'
    WHEN message_id IN (SELECT message_id FROM replay_event) THEN 'event'
    WHEN message_id IN (SELECT message_id FROM replay_duplicate) THEN 'duplicate'
    ELSE 'gone'
  END AS outcome
  FROM replay_before
) AS judged
GROUP BY outcome
