SELECT
  source,
  said,
  TRY_CAST(said AS BIGINT) AS number,
  time_us,
  position
FROM ({events})
WHERE said IS NOT NULL
