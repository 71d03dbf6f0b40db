CASE WHEN json_valid(body) THEN CASE WHEN json_type(body) = 'OBJECT' THEN received_at END END
