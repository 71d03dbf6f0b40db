-- Grain: a row per table of the lake. Input: the views of this session. Purpose: what SHOW TABLES says.
SELECT table_schema || '.' || table_name AS name, count(*) AS columns, string_agg(column_name, ', ' ORDER BY ordinal_position) AS column_names
FROM information_schema.columns
WHERE table_catalog = current_database() AND table_schema IN ('bronze', 'silver', 'gold')
GROUP BY table_schema, table_name
ORDER BY position(table_schema IN 'bronze silver gold'), table_name
