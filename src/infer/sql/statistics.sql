-- grain: path
-- inputs: the slot `nodes` (a relation of path, kind, text, place), $null_texts, $most_paths
-- purpose: what stands at each path: kinds, what texts could be read as, range, distinct values (approximate)
WITH told AS (
  SELECT
    path, kind, text, place,
    kind IN ('UBIGINT', 'BIGINT', 'UHUGEINT', 'HUGEINT', 'DOUBLE') AS is_number,
    kind = 'VARCHAR' AND text NOT IN (SELECT unnest($null_texts)) AS is_text,
    regexp_full_match(text, '-?[0-9]+(?:\.0+)?') AND TRY_CAST(split_part(text, '.', 1) AS BIGINT) IS NOT NULL AS is_whole,
    regexp_full_match(text, '-?0[0-9]+.*') AS has_leading_zero,
    regexp_full_match(text, '-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?') AS is_numeric,
    regexp_full_match(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND TRY_CAST(text AS DATE) IS NOT NULL AS is_date,
    regexp_matches(text, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]') AND TRY_CAST(text AS TIMESTAMPTZ) IS NOT NULL AS is_instant
  FROM {{nodes}}
)
SELECT
  path,
  count(*) AS rows,
  min(place) AS place,
  count_if(kind = 'NULL') AS nulls,
  count_if(kind = 'VARCHAR' AND NOT is_text) AS null_texts,
  count_if(kind = 'OBJECT') AS objects,
  count_if(kind = 'ARRAY') AS arrays,
  count_if(kind = 'BOOLEAN') AS booleans,
  count_if(is_number) AS numbers,
  count_if(is_number AND is_whole) AS whole_numbers,
  count_if(is_text) AS texts,
  count_if(is_text AND is_whole AND NOT has_leading_zero) AS whole_texts,
  count_if(is_text AND is_numeric AND NOT has_leading_zero) + count_if(is_text AND is_numeric AND has_leading_zero AND contains(text, '.')) AS numeric_texts,
  count_if(is_text AND lower(text) IN ('true', 'false')) AS boolean_texts,
  count_if(is_text AND is_date) AS date_texts,
  count_if(is_text AND is_instant) AS instant_texts,
  count_if(is_text AND regexp_matches(text, '^[0-9]{1,4}[/.-][0-9A-Za-z]{1,3}[/.-][0-9]{1,4}')) AS pattern_texts,
  count_if((is_text OR is_number) AND is_numeric AND length(split_part(text, '.', 2)) > 4) AS fine_fractions,
  count_if((is_text OR is_number) AND NOT is_whole AND regexp_full_match(text, '-?[0-9]{19,}')) AS wide_numbers,
  count_if(is_whole AND TRY_CAST(text AS BIGINT) BETWEEN 0 AND 235959 AND TRY_CAST(text AS BIGINT) // 100 % 100 < 60 AND TRY_CAST(text AS BIGINT) % 100 < 60) AS clocks,
  least(approx_count_distinct(text) FILTER (kind <> 'NULL'), count(text)) AS distinct_values,
  arg_min(text, TRY_CAST(text AS DOUBLE)) FILTER ((is_number OR is_text) AND is_numeric) AS least_number,
  arg_max(text, TRY_CAST(text AS DOUBLE)) FILTER ((is_number OR is_text) AND is_numeric) AS greatest_number,
  min("left"(text, 200)) FILTER (is_text OR kind = 'BOOLEAN') AS least_text,
  max("left"(text, 200)) FILTER (is_text OR kind = 'BOOLEAN') AS greatest_text
FROM told
GROUP BY path
ORDER BY rows DESC, path
LIMIT $most_paths
