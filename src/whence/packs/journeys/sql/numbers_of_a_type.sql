SELECT
  {source} AS source,
  {number} AS said,
  TRY_CAST({number} AS BIGINT) AS number,
  epoch_us(coalesce(s.time, s.recorded)) AS time_us,
  s.position
FROM {rows} s
WHERE {conditions}
