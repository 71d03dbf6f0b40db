-- model: product_funnel
-- grain: event_date, SKU
-- inputs: step product_user, step product_path
-- purpose: view, click and purchase of each product that has a SKU, a day, over all platforms.
--   views, clicks, purchases: actions, whoever did them. viewers, clickers, purchasers: distinct users who did it, in whatever order.
--   funnel_view: distinct users who viewed the product that day; funnel_click: those of them who clicked it at or after their first
--   view; funnel_purchase: those of these who purchased it at or after their first such click. A day is a UTC date: a purchase on the
--   day after its click is in no funnel. Rates are of funnel users; over 0 they are null.
-- lookback: 0 days
-- lookahead: 0 days
-- partition_by: event_date
-- check: unique(event_date, SKU)
-- check: not_null(event_date, SKU)
-- check: descending(funnel_view, funnel_click, funnel_purchase)
-- check: descending(clickers, funnel_click)
-- check: descending(purchasers, funnel_purchase)
-- check: ratio(rate_click, rate_purchase, rate_overall)
-- check: row_count(0.02, 50)
WITH counted AS (
  SELECT
    event_date, SKU,
    CAST(sum(views) AS BIGINT) AS views,
    CAST(sum(clicks) AS BIGINT) AS clicks,
    CAST(sum(purchases) AS BIGINT) AS purchases,
    count(DISTINCT CASE WHEN views > 0 THEN user_id END) AS viewers,
    count(DISTINCT CASE WHEN clicks > 0 THEN user_id END) AS clickers,
    count(DISTINCT CASE WHEN purchases > 0 THEN user_id END) AS purchasers,
    max(product_name) AS product_name
  FROM product_user
  WHERE SKU IS NOT NULL AND event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  GROUP BY event_date, SKU
),
reached AS (
  SELECT
    event_date, SKU,
    CAST(sum(reached_view) AS BIGINT) AS funnel_view,
    CAST(sum(reached_click) AS BIGINT) AS funnel_click,
    CAST(sum(reached_purchase) AS BIGINT) AS funnel_purchase
  FROM product_path
  WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
  GROUP BY event_date, SKU
)
SELECT
  counted.event_date, counted.SKU,
  counted.views, counted.clicks, counted.purchases,
  counted.viewers, counted.clickers, counted.purchasers,
  coalesce(reached.funnel_view, 0) AS funnel_view,
  coalesce(reached.funnel_click, 0) AS funnel_click,
  coalesce(reached.funnel_purchase, 0) AS funnel_purchase,
  CAST(reached.funnel_click AS DOUBLE) / nullif(reached.funnel_view, 0) AS rate_click,
  CAST(reached.funnel_purchase AS DOUBLE) / nullif(reached.funnel_click, 0) AS rate_purchase,
  CAST(reached.funnel_purchase AS DOUBLE) / nullif(reached.funnel_view, 0) AS rate_overall,
  counted.product_name
FROM counted
LEFT JOIN reached ON reached.event_date = counted.event_date AND reached.SKU = counted.SKU
