-- model: user_products
-- grain: product_type
-- inputs: step newest_profile, silver.user_product
-- refresh: whole
-- purpose: distinct users who have a product of each type, by their newest profiles. One who has two products of a type counts once,
--   one who has products of two types counts for both. A product without a type is in the row without one.
-- check: unique(product_type)
-- check: not_null(users)
SELECT product.productType AS product_type, count(DISTINCT product.user_id) AS users
FROM silver.user_product AS product
JOIN newest_profile ON newest_profile.event_id = product.event_id
GROUP BY product.productType
