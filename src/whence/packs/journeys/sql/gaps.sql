SELECT
  source,
  number,
  next
FROM (
  SELECT
    source,
    number,
    lead(number) OVER (PARTITION BY source ORDER BY number) AS next
  FROM (SELECT DISTINCT source, number FROM ({numbers}) WHERE number IS NOT NULL)
)
WHERE next > number + 1
ORDER BY
  source,
  number
