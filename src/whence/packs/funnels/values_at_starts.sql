SELECT arg_min(coalesce(nullif(value, ''), '(none)'), (step, position)) AS value
FROM ({events})
JOIN {starts} USING (who, time_us)
GROUP BY who
ORDER BY who
