SELECT
  min(position),
  max(position)
FROM event
GROUP BY id
HAVING count(*) > 1
LIMIT 10
