SELECT
  t.who,
  t.type
FROM ({touchpoints}) t{from_anchor}
ORDER BY
  t.who,
  t.time_us{direction},
  t.position{direction}
