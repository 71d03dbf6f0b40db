CASE
  WHEN time_whole BETWEEN -99999999999 AND 99999999999 THEN make_timestamptz(time_whole * 1000000)
  WHEN time_whole BETWEEN -99999999999999 AND 99999999999999 THEN make_timestamptz(time_whole * 1000)
  WHEN time_whole BETWEEN -99999999999999999 AND 99999999999999999 THEN make_timestamptz(time_whole)
  WHEN time_whole IS NOT NULL THEN make_timestamptz(time_whole // 1000)
  WHEN abs(time_fraction) < 1e11 THEN make_timestamptz(CAST(round(time_fraction * 1000000) AS BIGINT))
  WHEN abs(time_fraction) < 1e14 THEN make_timestamptz(CAST(round(time_fraction * 1000) AS BIGINT))
  WHEN abs(time_fraction) < 1e17 THEN make_timestamptz(CAST(round(time_fraction) AS BIGINT))
  WHEN abs(time_fraction) < 9e18 THEN make_timestamptz(CAST(round(time_fraction / 1000) AS BIGINT))
  WHEN time_fraction IS NULL AND regexp_matches(time_text, '^\d{4}-\d\d-\d\d(?:[T ](?:[^A-Za-z]*Z?[^A-Za-z]*|\d\d:\d\d:\d\d(?:[.]\d+)? (?:UTC|GMT)))?$') THEN {{text_timestamp}}
END
