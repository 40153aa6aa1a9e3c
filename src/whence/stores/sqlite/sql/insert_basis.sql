INSERT INTO basis (query, position, settings)
SELECT number, ?, ?
FROM query
WHERE json = ?
RETURNING number
