-- grain: one row per item of the kept events
-- inputs: bronze_rows, held, exact, exact_item
-- purpose: the item table: what the quick way reads, and what the exact way has read.
SELECT {{named}} FROM ({{quick}}
SELECT {{columns}}
FROM exact
JOIN exact_item USING (_row)
WHERE _place = 1)
