-- rows: order
-- grain: id
-- purpose: each order with its items, as one JSON object; `at` is its date on the shop's clocks. Items are in a fixed order, so that the
--   same order is the same text. A device that is no platform is none: the order is kept, and counts nowhere.
SELECT
  CAST(orders.id AS text) AS id,
  orders.order_date AS at,
  CAST(json_build_object(
    'order_id', CAST(orders.id AS text),
    'order_date', to_char(orders.order_date, 'YYYY-MM-DD HH24:MI:SS.US'),
    'status', orders.status,
    'device', orders.device,
    'platform', CASE lower(trim(orders.device)) WHEN 'ios' THEN 'iOS' WHEN 'android' THEN 'Android' WHEN 'mobileweb' THEN 'MobileWeb' END,
    'order_total', CAST(orders.order_total AS text),
    'items', coalesce(
      (SELECT json_agg(json_build_object('code_color', item.code_color) ORDER BY item.code_color, item.id) FROM order_items AS item WHERE item.order_id = orders.id),
      json_build_array()
    )
  ) AS text) AS body
FROM orders
