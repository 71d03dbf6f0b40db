-- grain: one row per file that names the person
-- inputs: $paths (Parquet files of one table), $person, $person_json, $person_bytes (as DuckDB writes bytes), $mention (a pattern of the person as a word)
-- purpose: a look at every value of every column, decompressed; bytes stand in the text as \xNN, which is no part of a word
SELECT DISTINCT filename AS path
FROM (SELECT filename, CAST(content AS VARCHAR) AS text FROM read_parquet($paths, filename = true, union_by_name = true, hive_partitioning = false) AS content)
WHERE ((contains(text, $person) OR contains(text, $person_json)) AND regexp_matches(regexp_replace(text, '\\x[0-9A-F]{2}', ' ', 'g'), $mention))
  OR (CAST($person_bytes AS VARCHAR) <> CAST($person AS VARCHAR) AND contains(text, $person_bytes))
