-- grain: one row per row of a database that has landed and date at which a landing of it counts; one of each row is the newest
-- inputs: $paths (data files of bronze and its rejected table); the slot `rejected`, a condition that is true for rows of the latter
-- purpose: the newest landing of each row and what stands of it, by what bronze keeps beside its body (sources/landed.ts). Of a date the
--   newest landing counts, of equal versions one that takes back: so do the models. What takes back is done with, though it was rejected.
WITH landing AS (
  SELECT
    message_key AS id,
    TRY_CAST(json_extract_string(message_headers, '/version') AS BIGINT) AS version,
    json_extract_string(message_headers, '/hash') AS hash,
    json_extract_string(message_headers, '/at') AS dated,
    json_extract_string(message_headers, '/withdrawn') = 'true' AS withdrawn,
    {{rejected}} AND NOT withdrawn AS rejected
  FROM read_parquet($paths, union_by_name = true, hive_partitioning = false)
  WHERE message_key IS NOT NULL AND json_valid(message_headers)
),
at_date AS (
  SELECT
    id, version, hash, dated, withdrawn, rejected,
    -- Two processes have landed it at once, each as it saw it.
    coalesce(lead(version) OVER date_landing = version AND lead(withdrawn) OVER date_landing = withdrawn AND lead(hash) OVER date_landing <> hash, false) AS ambiguous
  FROM landing
  WHERE version IS NOT NULL AND hash IS NOT NULL AND dated IS NOT NULL AND withdrawn IS NOT NULL
  WINDOW date_landing AS (PARTITION BY id, dated, rejected ORDER BY version DESC, withdrawn DESC, hash DESC)
  QUALIFY row_number() OVER date_landing = 1
),
by_id AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY id ORDER BY version DESC, rejected, dated DESC) = 1 AS newest,
    NOT rejected AND NOT withdrawn AS stands
  FROM at_date
)
SELECT id, version, hash, dated, withdrawn, rejected, ambiguous, newest, stands, false AS seen
FROM by_id
WHERE newest OR stands
