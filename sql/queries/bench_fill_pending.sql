-- bench_fill_pending: tasks that wait for their turn, in the order of their ids, and what counts them.
-- index: none. locks: nothing but the new rows. params: :rows bigint
WITH added AS (
  INSERT INTO tasks (id, scheduled_at, command, state)
  SELECT (lpad(to_hex((extract(epoch FROM statement_timestamp()) * 1e6)::bigint), 16, '0')
          || lpad(to_hex(n), 16, '0'))::uuid,
         statement_timestamp() - (:rows::bigint - n) * interval '1 microsecond', 'noop', 1
  FROM generate_series(1, :rows::bigint) AS n
)
INSERT INTO counters (pending) VALUES (:rows::bigint)
