-- bench_fill_history: tasks that finished one after another during the last days, and what counts them.
-- index: none. locks: nothing but the new rows. params: :rows bigint, :days float8
WITH times AS (
  SELECT n, statement_timestamp() - (:rows::bigint - n) * (:days::float8 / :rows::bigint) * interval '1 day' AS at
  FROM generate_series(1, :rows::bigint) AS n
), added AS (
  INSERT INTO task_history (id, scheduled_at, created_at, picked_at, started_at, finished_at, session_id, lease_token,
                            state, priority, attempt, crash_count, queue, command, worker_id)
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1e6)::bigint), 16, '0') || lpad(to_hex(n), 16, '0'))::uuid,
         at, at, at, at, at, 1, n, 10, 0, 1, 0, 'default', 'noop', 'bench-00000000'
  FROM times
)
INSERT INTO counters (completed) VALUES (:rows::bigint)
