-- enqueue: add tasks, due ones ready at once, later ones scheduled. A known id or live unique key is an error, because
--          ON CONFLICT makes an insert a third slower; see enqueue_once.
-- index: none. locks: nothing but the new rows.
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
  RETURNING id, scheduled_at, state
), counted AS (
  INSERT INTO counters (pending) SELECT count(*) FROM added HAVING count(*) > 0
)
SELECT id, scheduled_at, state FROM added
