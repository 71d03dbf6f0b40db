-- grain: one row per data file that holds the person
-- inputs: $paths (data files of bronze's rejected table), $mention (a pattern of the person as a word), $person_bytes (as DuckDB writes its bytes), $person
-- purpose: how many rows name the person: whose a broken body is can't be told
SELECT path, count(*) AS removed, 0 AS redacted
FROM (
  SELECT filename AS path, coalesce(regexp_matches(concat_ws(' ', message_key, message_headers), $mention), false) OR coalesce(CASE WHEN _text IS NOT NULL THEN regexp_matches(_text, $mention)
      ELSE regexp_matches(regexp_replace(CAST(body AS VARCHAR), '\\x[0-9A-F]{2}', ' ', 'g'), $mention)
        OR (CAST($person_bytes AS VARCHAR) <> CAST($person AS VARCHAR) AND contains(CAST(body AS VARCHAR), $person_bytes)) END, false) AS _person
  FROM (
    SELECT filename, body, message_key, message_headers, TRY(decode(body)) AS _text
    FROM (
      SELECT CAST(NULL AS VARCHAR) AS message_key, CAST(NULL AS VARCHAR) AS message_headers WHERE false
      UNION ALL BY NAME
      SELECT * FROM read_parquet($paths, filename = true, union_by_name = true)
    ) AS known
  ) AS read
) AS judged
WHERE _person
GROUP BY path
