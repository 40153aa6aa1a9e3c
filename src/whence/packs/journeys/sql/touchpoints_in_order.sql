SELECT
  who,
  position,
  type
FROM ({touchpoints})
ORDER BY
  who,
  time_us,
  position
