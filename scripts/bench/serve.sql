-- grain: one row per event_date, platform, product and second that has views or purchases
-- inputs: $first and $days (dates, as an offset in days and a count), $views (of a day), $products
-- purpose: rows as gold.product_second has them: products Zipf-like by their rank, purchases for 3 of 200 views
SELECT
  DATE '2016-01-01' + CAST(day AS INTEGER) AS event_date,
  ['Android', 'MobileWeb', 'iOS'][1 + CAST(hash(view, day, 1) % 3 AS BIGINT)] AS platform,
  CAST(20000000 + rank // 10 AS VARCHAR) || '_' || CAST(rank % 10 AS VARCHAR) AS product,
  TIMESTAMPTZ '2016-01-01 00:00:00+00' + INTERVAL 1 SECOND * CAST(day * 86400 + hash(view, day, 2) % 86400 AS BIGINT) AS second,
  count(*) AS product_views,
  count(*) FILTER (hash(view, day, 3) % 200 < 3) AS purchases
FROM (
  SELECT
    days.range + CAST($first AS BIGINT) AS day, views.range AS view,
    CAST(floor(pow(CAST($products AS DOUBLE), (hash(views.range, days.range + CAST($first AS BIGINT), 4) % 1000000) / 1e6)) AS BIGINT) - 1 AS rank
  FROM range(CAST($days AS BIGINT)) AS days, range(CAST($views AS BIGINT)) AS views
) AS drawn
GROUP BY ALL
ORDER BY event_date, platform, product, second
