SELECT
  who,
  max(time_us) AS time_us,
  arg_max(type, (time_us, position)) AS type
FROM ({touchpoints})
GROUP BY who
