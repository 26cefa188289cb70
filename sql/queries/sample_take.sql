-- sample_take: note the totals of this moment, unless they are those of the last row, and how long tasks waited that began
--              since. The row that comes back tells in how many seconds the next one is due.
-- index: samples_pkey, tasks_held, the last pages of today's partition. locks: the new row.
-- params: :epoch bigint (of the leader; another one notes nothing), :period float8 (seconds), :running integer (tasks
--         that run and are asked, at most; to find them walks over those that ran and cannot be cleared away)
-- Rows are labelled with the multiple of :period that has just gone by, so that two leaders in a row cannot count a period
-- twice.
WITH last AS MATERIALIZED (
  SELECT * FROM samples ORDER BY at DESC LIMIT 1
), now AS MATERIALIZED (
  SELECT coalesce(sum(pending), 0)::bigint AS pending, coalesce(sum(running), 0)::bigint AS running,
         coalesce(sum(completed), 0)::bigint AS completed, coalesce(sum(failed), 0)::bigint AS failed,
         coalesce(sum(cancelled), 0)::bigint AS cancelled
  FROM counters
), changed AS MATERIALIZED (
  SELECT now.*
  FROM now
  WHERE (SELECT true FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
    AND NOT EXISTS (SELECT FROM last
                    WHERE (last.pending, last.running, last.completed, last.failed, last.cancelled)
                          = (now.pending, now.running, now.completed, now.failed, now.cancelled)
                      AND last.wait_p50 IS NULL)
), waits AS MATERIALIZED (
  SELECT percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY waited) AS at
  FROM changed, sample_waits(statement_timestamp() - :period::float8 * interval '1 second', 32, :running::integer) AS waited
), noted AS (
  INSERT INTO samples (at, pending, running, completed, failed, cancelled, wait_p50, wait_p95)
  SELECT to_timestamp(floor(extract(epoch FROM statement_timestamp()) / :period::float8) * :period::float8),
         c.pending, c.running, c.completed, c.failed, c.cancelled, w.at[1], w.at[2]
  FROM changed AS c, waits AS w
  ON CONFLICT (at) DO NOTHING
)
SELECT (:period::float8 - extract(epoch FROM clock_timestamp())::numeric % :period::numeric)::float8 AS next
