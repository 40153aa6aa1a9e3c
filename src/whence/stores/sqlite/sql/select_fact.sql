SELECT
  e.position,
  e.type,
  e.tags,
  e.data,
  coalesce(e.time, e.recorded)
