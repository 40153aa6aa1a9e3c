SELECT
  who,
  time_us,
  position,
  coalesce(CAST(TRY_CAST(amount AS DECIMAL(24, 6)) * 1000000 AS BIGINT), 0) AS amount,
  CASE WHEN amount IS NOT NULL AND TRY_CAST(amount AS DECIMAL(24, 6)) IS NULL THEN amount END AS odd
FROM ({touchpoints})
