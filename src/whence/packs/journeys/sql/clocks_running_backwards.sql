SELECT
  source,
  number,
  position,
  time_us,
  before_us
FROM (
  SELECT
    *,
    max(time_us) OVER (
      PARTITION BY source
      ORDER BY number, time_us, position
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before_us
  FROM ({numbers})
  WHERE number IS NOT NULL
)
WHERE time_us < before_us
ORDER BY
  source,
  number,
  position
