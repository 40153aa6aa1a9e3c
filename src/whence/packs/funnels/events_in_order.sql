SELECT
  who,
  time_us,
  bit_or(mask) AS mask
FROM ({events})
GROUP BY
  who,
  time_us,
  position
-- At one microsecond the earliest step that an event may be comes first: the lowest bit, mask & -mask.
ORDER BY
  who,
  time_us,
  CASE bit_or(mask) WHEN 0 THEN {last} ELSE bit_or(mask) & -bit_or(mask) END,
  position
