-- grain: one row per event that is read the exact way and isn't rejected
-- inputs: exact_event, exact_item
-- purpose: the event's id, and its place among the events with the same: the first is kept, the others are duplicates.
WITH item AS (
  SELECT _row, count(*) AS item_count, string_agg(_key || {{item_end}}, '' ORDER BY item_index) AS _items_key,
    flatten(list(_issues ORDER BY item_index)) AS _issues
  FROM exact_item
  GROUP BY _row
), event AS (
  SELECT exact_event.* EXCLUDE (issues), coalesce(item_count, 0) AS item_count,
    md5({{event_key}} || coalesce(_items_key, '')) AS event_id,
    list_concat(issues, coalesce(_issues, [])) AS _issues
  FROM (SELECT rowid AS _row, * FROM exact_event) AS exact_event
  LEFT JOIN item USING (_row)
  WHERE _rejection IS NULL
)
SELECT * EXCLUDE (_issues),
  CASE WHEN len(_issues) > $most_issues THEN list_append(_issues[1:$most_issues], '…') ELSE _issues END AS issues,
  row_number() OVER (PARTITION BY event_id ORDER BY received_at, message_id, _body) AS _place
FROM event
