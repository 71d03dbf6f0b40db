-- grain: event_date, platform, product, second
-- inputs: $first and $until (days from 2025-01-01), $perDay (views of a day)
-- purpose: product views of a shop, made: 5,000 products, the first far more popular than the last, on three platforms; two purchases in a hundred
SELECT
  CAST(second AS DATE) AS event_date, platform, product, second,
  CAST(count(*) AS BIGINT) AS product_views,
  CAST(count(*) FILTER (bought) AS BIGINT) AS purchases
FROM (
  SELECT
    TIMESTAMPTZ '2025-01-01 00:00:00+00' + day * INTERVAL 1 DAY + CAST(hash(n * 3) % 86400 AS INTEGER) * INTERVAL 1 SECOND AS second,
    ['iOS', 'Android', 'MobileWeb'][1 + CAST(hash(n * 5) % 3 AS INTEGER)] AS platform,
    '20' || lpad(CAST(CAST(floor(5000 * pow(CAST(hash(n * 7) % 1000000 AS DOUBLE) / 1000000, 3)) AS INTEGER) * 37 % 1000000 AS VARCHAR), 6, '0') || '_001' AS product,
    hash(n * 11) % 50 = 0 AS bought
  FROM (SELECT day, day * CAST($perDay AS BIGINT) + view AS n FROM range(CAST($first AS BIGINT), CAST($until AS BIGINT)) AS days(day), range(CAST($perDay AS BIGINT)) AS views(view))
) AS made
GROUP BY ALL
ORDER BY event_date, platform, product, second
