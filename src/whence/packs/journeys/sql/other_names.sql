SELECT
  name,
  min(position) AS first
FROM (
  SELECT
    unnest(string_split(other_tags, chr(10))) AS name,
    position
  FROM ({rows})
)
WHERE split_part(name, ':', 1) IN ({kinds})
GROUP BY name
ORDER BY
  first,
  name
