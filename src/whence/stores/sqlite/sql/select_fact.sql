SELECT
  e.position,
  t.name,
  t.version,
  t.content_type,
  e.tags,
  e.data,
  coalesce(e.time, e.recorded)
