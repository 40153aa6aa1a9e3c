WITH
  anchors AS (
    SELECT
      who,
      {first}(time_us) AS time_us,
      arg_{first}(position, (time_us, position)) AS position
    FROM ({anchor})
    GROUP BY who
  ),
  following AS (
    SELECT
      t.who,
      t.type,
      t.time_us,
      t.position,
      lag(t.type) OVER (PARTITION BY t.who ORDER BY t.time_us {order}, t.position {order}) AS before
    FROM ({touchpoints}) t
      JOIN anchors a ON a.who = t.who
    WHERE (t.time_us, t.position) {side} (a.time_us, a.position)
  ),
  placed AS (
    SELECT
      who,
      type,
      row_number() OVER in_order - 1 AS depth,
      lead(type) OVER in_order AS next
    FROM following
    WHERE {repeats} OR before IS DISTINCT FROM type
    WINDOW in_order AS (PARTITION BY who ORDER BY time_us {order}, position {order})
  )
SELECT
  depth::INTEGER AS depth,
  type,
  next,
  count(*) AS customers
FROM placed
WHERE depth < {depth}
GROUP BY
  depth,
  type,
  next
ORDER BY
  depth,
  customers DESC,
  type,
  next
