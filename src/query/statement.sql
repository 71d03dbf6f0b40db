-- Grain: one row. Input: $sql, what somebody wrote. Purpose: DuckDB's own parse of it, as JSON; nothing is run or looked up.
SELECT json_serialize_sql(CAST($sql AS VARCHAR)) AS parsed
