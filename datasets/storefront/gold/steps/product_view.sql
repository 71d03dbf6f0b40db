-- step: product_view
-- grain: event_id, item_index
-- inputs: silver.view_event
-- purpose: the product views among the events of batches: of the type custom_event with the name product
-- lookback: 0 days
-- lookahead: 0 days
SELECT event_date, platform, product, viewed_at
FROM silver.view_event
WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  AND event_type = 'custom_event'
  AND event_name = 'product'
