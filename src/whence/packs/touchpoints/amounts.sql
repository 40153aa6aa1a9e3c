SELECT
  who,
  time_us,
  position,
  coalesce(millionths, 0) AS amount,
  CASE WHEN millionths IS NULL THEN said END AS odd
FROM (
  SELECT
    who,
    time_us,
    position,
    amount AS said,
    TRY_CAST(TRY_CAST(amount AS DECIMAL(24, 6)) * 1000000 AS BIGINT) AS millionths
  FROM ({touchpoints})
)
