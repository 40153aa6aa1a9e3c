INSERT INTO event (position, format, id, type, tags, data, time, recorded, actor, cause, correlation, basis, meta)
VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
