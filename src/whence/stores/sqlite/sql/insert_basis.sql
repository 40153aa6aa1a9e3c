INSERT INTO basis (query, position, settings, reads)
VALUES (?, ?, ?, ?)
