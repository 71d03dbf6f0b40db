-- grain: one row per row of a database that has landed
-- inputs: $paths (data files of bronze and its rejected table)
-- purpose: the newest landing of each row, by what bronze keeps beside its body (sources/landed.ts)
SELECT id, max(version) AS version, max_by(hash, version) AS hash, max_by(dated, version) AS dated, max_by(withdrawn, version) AS withdrawn, false AS seen
FROM (
  SELECT
    message_key AS id,
    CAST(json_extract_string(message_headers, '/version') AS BIGINT) AS version,
    json_extract_string(message_headers, '/hash') AS hash,
    json_extract_string(message_headers, '/at') AS dated,
    json_extract_string(message_headers, '/withdrawn') = 'true' AS withdrawn
  FROM read_parquet($paths, union_by_name = true, hive_partitioning = false)
  WHERE message_key IS NOT NULL AND json_valid(message_headers)
) AS landing
GROUP BY id
