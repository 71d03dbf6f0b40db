CASE
  WHEN abs(time_number) < 1e11 THEN make_timestamptz(CAST(time_number * 1000000 AS BIGINT))
  WHEN abs(time_number) < 1e14 THEN make_timestamptz(CAST(time_number * 1000 AS BIGINT))
  WHEN abs(time_number) < 1e17 THEN make_timestamptz(CAST(time_number AS BIGINT))
  WHEN abs(time_number) < 9e18 THEN make_timestamptz(CAST(time_number AS BIGINT) // 1000)
  WHEN time_number IS NULL AND regexp_matches(time_text, '^\d{4}-\d\d-\d\d([T ]|$)') THEN TRY_CAST(time_text AS TIMESTAMPTZ)
END
