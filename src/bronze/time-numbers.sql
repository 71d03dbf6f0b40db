CASE WHEN $time_numbers AND regexp_full_match({{time_text}}, '-?\d{1,19}') THEN TRY_CAST({{time_text}} AS BIGINT) END AS time_whole,
      CASE WHEN $time_numbers THEN TRY_CAST({{time_text}} AS DOUBLE) END AS time_fraction
