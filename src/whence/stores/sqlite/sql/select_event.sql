SELECT
  e.position,
  e.id,
  t.name,
  t.version,
  t.content_type,
  e.tags,
  e.data,
  e.time,
  e.recorded,
  e.actor,
  e.cause,
  e.correlation,
  CASE WHEN e.basis IS NOT NULL THEN (
    SELECT CASE
      WHEN b.settings IS NULL THEN format('{"position":%d,"query":%s}', b.position, q.json)
      ELSE format('{"position":%d,"query":%s,"settings":%s}', b.position, q.json, json_quote(b.settings))
    END
    FROM basis b JOIN query q ON q.number = b.query
    WHERE b.number = e.basis
  ) END,
  e.meta
