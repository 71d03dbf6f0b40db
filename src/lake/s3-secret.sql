-- Lets DuckDB read a lake in S3 with the credentials of this moment. No rows; a session has one such secret.
CREATE OR REPLACE SECRET ingot_lake (
  TYPE s3,
  KEY_ID $key_id,
  SECRET $secret,
  SESSION_TOKEN $session_token,
  REGION $region,
  {{endpoint}}
  URL_STYLE $url_style,
  USE_SSL CAST($use_ssl AS BOOLEAN),
  SCOPE $scope
)
