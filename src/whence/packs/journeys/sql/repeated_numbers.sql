SELECT
  source,
  number,
  list_sort(list(position)) AS positions
FROM ({numbers})
WHERE number IS NOT NULL
GROUP BY
  source,
  number
HAVING count(*) > 1
ORDER BY
  source,
  number
