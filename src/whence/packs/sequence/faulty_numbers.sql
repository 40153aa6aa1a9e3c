SELECT *
FROM (
  SELECT
    *,
    count(*) OVER (PARTITION BY source, number) AS times,
    lead(number) OVER in_order AS next,
    max(time_us) OVER (in_order ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_us
  FROM ({numbers})
  WINDOW in_order AS (PARTITION BY source, number IS NULL ORDER BY number, time_us, position)
)
WHERE number IS NULL OR times > 1 OR next::HUGEINT - number > 1 OR time_us < before_us
ORDER BY
  source,
  number,
  position
