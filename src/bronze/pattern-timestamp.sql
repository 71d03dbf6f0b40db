CASE WHEN NOT regexp_matches(time_text, '(?i)^\s*[+-]?(?:epoch|inf)') THEN try_strptime(time_text, $time_pattern) END
