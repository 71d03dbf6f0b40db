-- grain: one row per row that stays
-- inputs: {{table}} (a view of the files that hold the person), $mention, $person_bytes (as DuckDB writes its bytes), $person
--         the slot `besides`: whether key or headers name the person, where the table has them
-- purpose: the rejected rows that do not name the person
SELECT * EXCLUDE (_text)
FROM (SELECT *, TRY(decode(body)) AS _text FROM {{table}}) AS read
WHERE NOT coalesce({{besides}}CASE WHEN _text IS NOT NULL THEN regexp_matches(_text, $mention)
      ELSE regexp_matches(regexp_replace(CAST(body AS VARCHAR), '\\x[0-9A-F]{2}', ' ', 'g'), $mention)
        OR (CAST($person_bytes AS VARCHAR) <> CAST($person AS VARCHAR) AND contains(CAST(body AS VARCHAR), $person_bytes)) END, false)
