SELECT
  run,
  level,
  keys,
  written,
  first_position,
  last_position,
  merges_into
FROM run
ORDER BY last_position DESC, run DESC
