SELECT
  rowid,
  keys
FROM chunk
WHERE run = ?
ORDER BY first_key
LIMIT ?
