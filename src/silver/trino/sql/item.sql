-- grain: one row per item of the kept events
-- inputs: placed, item_part
-- purpose: the item table.
SELECT event_id, item_index, event_date, platform, {{columns}} event_timestamp AS {{time}}{{item_columns}}
FROM placed
JOIN item_part ON item_part._row = placed._row
WHERE _place = 1
