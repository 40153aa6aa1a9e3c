SELECT
  d.who,
  d.level,
  d.since_us,
  max(t.time_us) AS last_us,
  arg_max(t.type, (t.time_us, t.position)) AS last_type
FROM {dropped} d
JOIN ({touchpoints}) t USING (who)
GROUP BY ALL
ORDER BY
  d.since_us,
  d.who
