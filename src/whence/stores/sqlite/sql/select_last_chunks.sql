SELECT
  c.run,
  c.first_key,
  c.keys
FROM carray(?) AS asked
CROSS JOIN chunk c ON c.rowid = (
  SELECT rowid
  FROM chunk
  WHERE run = asked.value
    AND first_key <= ?
  ORDER BY first_key DESC
  LIMIT 1
)
