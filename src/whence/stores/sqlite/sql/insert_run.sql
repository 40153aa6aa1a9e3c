INSERT INTO run (level, keys, written, first_position, last_position)
VALUES (?, ?, ?, ?, ?)
RETURNING run
