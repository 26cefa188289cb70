-- sample_read: :points points of the last :points steps of :step seconds each, oldest first, the last one being the newest
--              whole step: the totals at its end, and how long tasks waited that began in it.
-- index: samples_pkey, two probes a point and the rows of the window. locks: none.
-- params: :step float8 (seconds), :points int
-- One row more comes first, which says where the counting began: rates are differences. The median is the mean of the
-- medians of a step, the 95th percentile the worst of them.
WITH ends AS MATERIALIZED (
  SELECT to_timestamp((floor(extract(epoch FROM statement_timestamp()) / :step::float8) - n) * :step::float8) AS at
  FROM generate_series(0, :points::int) AS n
), waited AS MATERIALIZED (
  SELECT ceil(extract(epoch FROM at)::float8 / :step::float8) * :step::float8 AS step, avg(wait_p50) AS p50, max(wait_p95) AS p95
  FROM samples
  WHERE at > (SELECT min(at) FROM ends) AND at <= (SELECT max(at) FROM ends) AND wait_p50 IS NOT NULL
  GROUP BY 1
)
SELECT extract(epoch FROM e.at)::float8 AS at, s.pending, s.running, s.completed, s.failed, s.cancelled,
       w.p50::float8 AS wait_p50, w.p95::float8 AS wait_p95
FROM ends AS e
LEFT JOIN LATERAL (SELECT * FROM samples WHERE samples.at <= e.at ORDER BY samples.at DESC LIMIT 1) AS s ON true
LEFT JOIN waited AS w ON w.step = extract(epoch FROM e.at)::float8
ORDER BY e.at
