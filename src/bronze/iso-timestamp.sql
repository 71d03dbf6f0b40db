CASE WHEN regexp_matches(time_text, '^\d{4}-\d\d-\d\d(?:[T ][0-9:.]*)?$') THEN {{local}} ELSE TRY_CAST(time_text AS TIMESTAMPTZ) END
