-- grain: one row per event that isn't rejected
-- inputs: message, item_part
-- purpose: the event's id, and its place among the events with the same: the first is kept, the others are duplicates.
WITH item AS (
  SELECT _row, count(*) AS item_count, array_join(array_agg(_key ORDER BY item_index), '') AS _items_key,
    flatten(array_agg(_issues ORDER BY item_index)) AS _issues
  FROM item_part
  GROUP BY _row
), event AS (
  SELECT message._row, message_id, received_at, event_timestamp, event_date, platform, {{columns}} _body, {{doc}} AS _doc, coalesce(item_count, 0) AS item_count,
    lower(to_hex(md5(to_utf8({{event_key}})))) AS event_id,
    issues || coalesce(_issues, CAST(ARRAY[] AS ARRAY(VARCHAR))) AS _issues
  FROM message
  LEFT JOIN item ON item._row = message._row
  WHERE _reason IS NULL
)
SELECT _row, message_id, received_at, event_timestamp, event_date, platform, {{columns}} item_count, event_id, _doc,
  CASE WHEN cardinality(_issues) > $most_issues THEN slice(_issues, 1, $most_issues) || ARRAY['…'] ELSE _issues END AS issues,
  row_number() OVER (PARTITION BY event_id ORDER BY received_at, message_id, _body) AS _place
FROM event
