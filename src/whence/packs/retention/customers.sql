SELECT
  who,
  count(*) - 1 AS frequency,
  max(day) - min(day) AS recency,
  {last_day} - min(day) AS age,
  sum(amount)::BIGINT AS total,
  (sum(amount) - arg_min(amount, day))::BIGINT AS repeated
FROM (
  SELECT
    who,
    day,
    sum(amount) AS amount
  FROM ({bought})
  ASOF JOIN {days} ON time_us >= begins_us
  GROUP BY
    who,
    day
)
GROUP BY who
ORDER BY
  frequency DESC,
  who
LIMIT {top}
