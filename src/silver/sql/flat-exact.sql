-- grain: one row per event that may be a duplicate
-- inputs: message, held
-- purpose: its place among the events with the same id: the first is kept, the others are duplicates.
SELECT *, row_number() OVER (PARTITION BY event_id ORDER BY received_at, message_id, issues) AS _place
FROM message
SEMI JOIN held USING (_hash)
