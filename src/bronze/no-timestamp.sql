CASE WHEN json_valid(body) THEN CASE WHEN json_type(body) = 'OBJECT' THEN make_timestamptz(0) END END
