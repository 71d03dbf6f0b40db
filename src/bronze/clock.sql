CASE
  WHEN regexp_full_match(clock_text, '(?:[01]?[0-9]|2[0-3])[0-5][0-9][0-5][0-9]|[0-5]?[0-9][0-5][0-9]|[0-5]?[0-9]')
    THEN to_seconds(TRY_CAST(clock_text AS BIGINT) // 10000 * 3600 + TRY_CAST(clock_text AS BIGINT) // 100 % 100 * 60 + TRY_CAST(clock_text AS BIGINT) % 100)
END
