-- analysis: places_and_ages
-- grain: location, age_band
-- inputs: gold.customer_segment
-- purpose: the twenty groups of customers, by location and age band, that pay most, and how many of them are champions
SELECT
  location, age_band,
  count(*) AS customers,
  sum(monetary) AS amount,
  round(CAST(sum(monetary) AS DOUBLE) / count(*), 2) AS amount_per_customer,
  sum(CASE WHEN segment = 'champions' THEN 1 ELSE 0 END) AS champions
FROM gold.customer_segment
WHERE location IS NOT NULL AND age_band <> 'unknown'
GROUP BY location, age_band
ORDER BY amount DESC, location, age_band
LIMIT 20
