INSERT INTO chunk (run, first_key, keys)
VALUES (?, ?, ?)
