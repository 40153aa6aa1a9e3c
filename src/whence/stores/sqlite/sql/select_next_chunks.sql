SELECT
  keys
FROM chunk
WHERE run = ?
  AND first_key > ?
ORDER BY first_key
LIMIT ?
