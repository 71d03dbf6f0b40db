-- model: product_second
-- grain: event_date, platform, product, second
-- inputs: step product_view, step newest_order, silver.purchase_item
-- purpose: views and purchases of each product on each platform by the second, UTC; what the CTR service adds up. event_date is the
--   date of the batch that a view came in: the view's own second may lie on another date, so a second may be in rows of two dates, which add up.
--   A purchase is an item of an order. Views and purchases without a product, or views without a time, are in events_by_day alone.
-- lookback: 0 days
-- lookahead: 0 days
-- partition_by: event_date
-- check: unique(event_date, platform, product, second)
-- check: not_null(event_date, platform, product, second, product_views, purchases)
SELECT
  event_date, platform, product, second,
  CAST(sum(views) AS BIGINT) AS product_views,
  CAST(sum(bought) AS BIGINT) AS purchases
FROM (
  SELECT event_date, platform, product, date_trunc('second', viewed_at) AS second, 1 AS views, 0 AS bought
  FROM product_view
  WHERE product IS NOT NULL AND viewed_at IS NOT NULL
  UNION ALL
  SELECT newest_order.event_date, newest_order.platform, item.product, date_trunc('second', newest_order.order_at) AS second, 0 AS views, 1 AS bought
  FROM newest_order
  JOIN silver.purchase_item AS item ON item.event_id = newest_order.event_id AND item.event_date = newest_order.event_date
  WHERE item.product IS NOT NULL
) AS contribution
GROUP BY event_date, platform, product, second
ORDER BY event_date, platform, product, second
