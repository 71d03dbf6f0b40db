-- grain: one row per row that stays
-- inputs: {{table}} (a view of the files that hold the person), $person_paths, $person, $mention and $bare (patterns of the person as a word, and as a JSON number)
--         the slot `also`: key and headers without the person, where the table has them
-- purpose: the rows without the person's; others' events that name the person are rewritten
SELECT * EXCLUDE (_mention)
  REPLACE (CASE WHEN _mention THEN regexp_replace(regexp_replace(regexp_replace(body, $bare, '\1null\2', 'g'), $mention, '\1forgotten\2', 'g'), $mention, '\1forgotten\2', 'g') ELSE body END AS body{{also}})
FROM (SELECT *, regexp_matches(body, $mention) AS _mention FROM {{table}}) AS named
WHERE NOT (json_valid(body) AND coalesce(list_contains(json_extract_string(body, $person_paths), $person), false))
