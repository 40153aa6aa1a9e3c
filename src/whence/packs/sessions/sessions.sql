WITH
  begun AS (
    SELECT
      *,
      CASE
        WHEN time_us - lag(time_us) OVER in_order <= {gap_us} THEN 0
        ELSE 1
      END AS is_first
    FROM ({touchpoints})
    WINDOW in_order AS (PARTITION BY who ORDER BY time_us, position)
  ),
  numbered AS (
    SELECT
      *,
      sum(is_first) OVER (
        PARTITION BY who
        ORDER BY time_us, position
        ROWS UNBOUNDED PRECEDING
      ) AS number
    FROM begun
  )
SELECT
  who,
  number::BIGINT AS number,
  min(time_us) AS began_us,
  max(time_us) AS ended_us,
  count(*) AS events,
  arg_min(type, (time_us, position)) AS entry,
  arg_max(type, (time_us, position)) AS leave
FROM numbered
GROUP BY
  who,
  number
ORDER BY
  began_us DESC,
  who
