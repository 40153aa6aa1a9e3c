SELECT
  c.who,
  c.position,
  c.amount,
  coalesce(t.{channel}::VARCHAR, '{none}') AS channel,
  coalesce((c.time_us - t.time_us) // 3600000000, -1) AS hours
FROM ({conversions}) c
LEFT JOIN ({touches}) t
  ON t.who = c.who
  AND t.position <> c.position
  AND t.time_us BETWEEN c.time_us - {window_us} AND c.time_us
ORDER BY
  c.who,
  c.position,
  t.time_us,
  t.position
