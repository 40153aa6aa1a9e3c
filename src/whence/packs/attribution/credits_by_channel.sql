SELECT
  channel,
  sum(credit)::BIGINT AS conversions,
  sum(credit::HUGEINT * amount)::DECIMAL(38, 0) AS total
FROM {credits}
GROUP BY channel
HAVING sum(credit) > 0
