SELECT
  e.position,
  e.id,
  t.name,
  e.tags
FROM event e
JOIN type t ON t.code = e.type
WHERE e.position > ?
  AND e.position <= ?
ORDER BY e.position
