-- enqueue_once: as enqueue, but known ids and live unique keys are left alone; only rows that were added come back.
-- index: tasks_pkey and tasks_unique_key as arbiters. locks: the new rows; waits for who is adding or finishing the same.
-- params: parallel arrays :ids uuid[], :commands text[], :payloads text[] (JSON), :queues text[], :priorities smallint[],
--         :max_attempts smallint[], :timeouts int[] (ms), :unique_keys text[], :due timestamptz[] (NULL = now + delay),
--         :delays float8[] (seconds from now)
WITH added AS (
  INSERT INTO tasks (id, command, payload, queue, priority, max_attempts, timeout_ms, unique_key, scheduled_at, state)
  SELECT n.id, n.command, n.payload::json, n.queue, n.priority, n.max_attempts, n.timeout_ms, n.unique_key, at,
         CASE WHEN at <= statement_timestamp() THEN 1 ELSE 0 END
  FROM unnest(:ids::uuid[], :commands::text[], :payloads::text[], :queues::text[], :priorities::smallint[],
              :max_attempts::smallint[], :timeouts::int[], :unique_keys::text[], :due::timestamptz[], :delays::float8[])
         AS n (id, command, payload, queue, priority, max_attempts, timeout_ms, unique_key, due, delay),
       LATERAL (SELECT coalesce(n.due, statement_timestamp() + n.delay * interval '1 second')) AS t (at)
  ON CONFLICT DO NOTHING
  RETURNING id, scheduled_at, state
), counted AS (
  INSERT INTO counters (pending) SELECT count(*) FROM added HAVING count(*) > 0
)
SELECT id, scheduled_at, state FROM added
