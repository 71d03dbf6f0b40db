-- grain: one row per data file that holds the person
-- inputs: $paths (data files of bronze), $person, $person_json (as it stands in a JSON text), $person_paths, $mention (a pattern of the person as a word)
-- purpose: how many rows are the person's, and how many are others' that name the person; few rows have the bytes, so only these are parsed
SELECT filename AS path, CAST(sum(removed) AS BIGINT) AS removed, CAST(sum(redacted) AS BIGINT) AS redacted
FROM (
  SELECT filename, CAST(_person AS INTEGER) AS removed, CAST(NOT _person AND _mention AS INTEGER) AS redacted
  FROM (
    SELECT filename,
      CASE WHEN json_valid(body) THEN coalesce(list_contains(json_extract_string(body, $person_paths), $person), false) ELSE false END AS _person,
      regexp_matches(concat_ws(' ', body, message_key, message_headers), $mention) AS _mention
    FROM (
      SELECT CAST(NULL AS VARCHAR) AS message_key, CAST(NULL AS VARCHAR) AS message_headers WHERE false
      UNION ALL BY NAME
      SELECT * FROM read_parquet($paths, filename = true, union_by_name = true)
    ) AS known
    WHERE contains(body, $person) OR contains(body, $person_json) OR contains(body, '\u')
      OR contains(message_key, $person) OR contains(message_headers, $person) OR contains(message_headers, $person_json)
  ) AS judged
) AS counted
GROUP BY filename
HAVING sum(removed) + sum(redacted) > 0
