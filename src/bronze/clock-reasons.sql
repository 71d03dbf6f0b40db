WHEN {{local}} IS NOT NULL AND clock_text IS NULL THEN CAST($clock_name AS VARCHAR) || '_missing'
    WHEN {{local}} IS NOT NULL THEN CAST($clock_name AS VARCHAR) || '_unreadable'
