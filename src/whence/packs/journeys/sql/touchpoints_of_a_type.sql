SELECT
  {who} AS who,
  epoch_us(coalesce(s.time, s.recorded)) AS time_us,
  s.position{columns}
FROM {rows} s{joins}
WHERE {conditions}
