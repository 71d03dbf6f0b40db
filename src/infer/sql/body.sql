-- grain: one row per line of the source
-- inputs: $lines_path (file number, line number, body of each line, apart by U+001F, as landing spools them)
-- purpose: bodies with their JSON type; null where it is no JSON, EMPTY where nothing is in the line
CREATE TEMP TABLE body AS
SELECT
  CASE WHEN body IS NULL OR trim(body) = '' THEN 'EMPTY' WHEN json_valid(body) THEN json_type(body) END AS kind,
  body
FROM read_csv(
  $lines_path,
  columns = {file_number: 'BIGINT', line: 'BIGINT', body: 'VARCHAR'},
  delim = chr(31), quote = '', escape = '', new_line = '\n', force_not_null = ['body'],
  header = false, auto_detect = false, strict_mode = false, max_line_size = 16777280, buffer_size = 33554432
)
