-- Grain: an item of an event. Input: none. Purpose: the corpus' typed rows; the same rows on every machine.
SELECT 'e' || (i // 2) AS event_id, TIMESTAMP '2026-01-01 00:00:00' + to_microseconds(CAST((i // 2) * 97000 AS BIGINT) * 1000 + (i // 2 * 7919 % 1000000)) AS event_timestamp,
  ['view_item_list', 'view_item_list', 'view_item', 'view_item', 'add_to_cart', 'begin_checkout', 'purchase'][(i // 2 * 31 % 7) + 1] AS event_name, 'u' || ((i // 2) * 7919 % 83 + 100) AS user_id,
  'SKU-' || (i * 37 % 41) AS item_id, ['Tee', 'Jacke Grün', 'Camiseta niño', 'Sock'][(i % 4) + 1] AS item_name, CASE WHEN i % 5 = 0 THEN NULL ELSE ['Nórdica', 'Ñandú', 'Acme'][(i % 3) + 1] END AS item_brand, 'c' || (i % 6) AS item_category,
  CASE WHEN i % 3 = 0 THEN NULL ELSE ['home', 'search', 'sale'][(i * 7 % 3) + 1] END AS item_list_id, CASE WHEN i % 3 = 0 THEN NULL ELSE ['Home', 'Search', 'Sale'][(i * 7 % 3) + 1] END AS item_list_name,
  CAST(i % 2 AS BIGINT) AS "index", CASE WHEN i % 11 = 0 THEN NULL ELSE CAST((i * 7919 % 100000) AS DOUBLE) / 100 END AS price, CASE WHEN i % 7 = 0 THEN NULL ELSE CAST(i % 4 + 1 AS BIGINT) END AS quantity,
  CAST(TIMESTAMP '2026-01-01 00:00:00' + to_microseconds(CAST((i // 2) * 97000 AS BIGINT) * 1000) AS DATE) AS event_date, CASE WHEN i // 2 % 13 = 0 THEN NULL WHEN i // 2 % 2 = 0 THEN 'IOS' ELSE 'ANDROID' END AS platform
FROM range(9000) t(i)
