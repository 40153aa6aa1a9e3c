SELECT
  later.position,
  later.recorded
FROM event AS later
JOIN event AS earlier ON earlier.position = later.position - 1
WHERE later.recorded < earlier.recorded
LIMIT 10
