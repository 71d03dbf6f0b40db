-- analysis: user_exploded
-- grain: event_id, item_index
-- inputs: silver.user_profile, silver.user_product
-- purpose: the wide view: every profile with its score, once for each of its products; one without a product is there once, without one
SELECT
  profile.user_id,
  profile.name,
  profile.created_at,
  profile.updated_at,
  profile.score_score,
  profile.score_scoreName,
  profile.score_hasDebts,
  profile.score_origin_utm_source,
  product.item_index,
  product.productType,
  product.productId,
  product.product_createdAt
FROM silver.user_profile AS profile
LEFT JOIN silver.user_product AS product ON product.event_id = profile.event_id
ORDER BY profile.created_at, profile.user_id, product.item_index
