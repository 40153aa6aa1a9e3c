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
    SELECT format(
      '{"position":%d,"query":%s%s%s}',
      b.position,
      iif(
        b.query = '[]',
        '{"all":true}',
        (
          SELECT '{"items":[' || group_concat(i.json, ',' ORDER BY n.key) || ']}'
          FROM json_each(b.query) n JOIN query_item i ON i.number = n.value
        )
      ),
      iif(b.reads IS NULL, '', ',"reads":' || b.reads),
      iif(b.settings IS NULL, '', ',"settings":' || json_quote(b.settings))
    )
    FROM basis b
    WHERE b.number = e.basis
  ) END,
  e.meta
