INSERT INTO basis (query, position, settings, reads)
SELECT number, ?, ?, ?
FROM query
WHERE json = ?
RETURNING number
