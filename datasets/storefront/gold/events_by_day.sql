-- model: events_by_day
-- grain: event_date, platform, event_type, event_name
-- inputs: silver.view_event
-- purpose: events of batches by what they are, by the date of their batch. product_views are those that count as views of a product;
--   without_product are views that name no product, without_time those that name one and no time: gold.product_second has neither.
-- lookback: 0 days
-- lookahead: 0 days
-- partition_by: event_date
-- check: unique(event_date, platform, event_type, event_name)
-- check: not_null(event_date, platform, events, product_views, without_product, without_time)
SELECT
  event_date, platform, event_type, event_name,
  count(*) AS events,
  count(CASE WHEN event_type = 'custom_event' AND event_name = 'product' AND product IS NOT NULL AND viewed_at IS NOT NULL THEN 1 END) AS product_views,
  count(CASE WHEN event_type = 'custom_event' AND event_name = 'product' AND product IS NULL THEN 1 END) AS without_product,
  count(CASE WHEN event_type = 'custom_event' AND event_name = 'product' AND product IS NOT NULL AND viewed_at IS NULL THEN 1 END) AS without_time
FROM silver.view_event
WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
GROUP BY event_date, platform, event_type, event_name
