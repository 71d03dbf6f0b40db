-- model: user_scores
-- grain: score_range
-- inputs: step newest_profile
-- refresh: whole
-- purpose: users by the score of their newest profile. A range has its upper bound in it. Users without a score are in the row without
--   a range; ranges without users have no row.
-- check: unique(score_range)
-- check: not_null(users)
WITH scored AS (
  SELECT
    CASE
      WHEN score_score <= 200 THEN 'ATE 200'
      WHEN score_score <= 400 THEN 'DE 201 A 400'
      WHEN score_score <= 600 THEN 'DE 401 A 600'
      WHEN score_score <= 800 THEN 'DE 601 A 800'
      WHEN score_score > 800 THEN 'ACIMA DE 800'
    END AS score_range
  FROM newest_profile
)
SELECT score_range, count(*) AS users
FROM scored
GROUP BY score_range
