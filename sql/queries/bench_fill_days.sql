-- bench_fill_days: one finished task on each of the last days, so that there is something to make partitions for.
-- index: none. locks: nothing but the new rows. params: :days integer
WITH added AS (
  INSERT INTO task_history (id, scheduled_at, created_at, finished_at, state, priority, attempt, crash_count, queue, command)
  SELECT gen_random_uuid(), at, at, at, 10, 0, 1, 0, 'default', 'noop'
  FROM generate_series(0, :days::integer) AS n,
       LATERAL (SELECT statement_timestamp() - n * interval '1 day') AS t (at)
)
INSERT INTO counters (completed) VALUES (:days::integer + 1)
