-- enqueue_once: as enqueue, but known ids and live unique keys are left alone; tells when that was, and which ids were
--               added, NULL = all of them.
-- index: tasks_pkey and tasks_unique_key as arbiters. locks: the new rows; waits for who is adding or finishing the same.
-- params: :ids uuid[], and columns with an entry for each task, or one that holds for all of them, or none = the default:
--         :commands text[], :payloads text[] (JSON), :queues text[], :priorities smallint[], :max_attempts smallint[],
--         :timeouts bigint[] (ms), :due timestamptz[] (NULL = now + delay), :delays bigint[] (µs from now); and
--         :unique_keys text[], an entry for each or none
WITH added AS (
  INSERT INTO tasks (id, command, payload, queue, priority, max_attempts, timeout_ms, unique_key, scheduled_at, state)
  SELECT n.id,
         coalesce(n.command, (SELECT (:commands::text[])[1] WHERE cardinality(:commands) = 1)),
         coalesce(n.payload, (SELECT (:payloads::text[])[1] WHERE cardinality(:payloads) = 1))::json,
         coalesce(n.queue, (SELECT (:queues::text[])[1] WHERE cardinality(:queues) = 1), 'default'),
         coalesce(n.priority, (SELECT (:priorities::smallint[])[1] WHERE cardinality(:priorities) = 1), 0),
         coalesce(n.max_attempts, (SELECT (:max_attempts::smallint[])[1] WHERE cardinality(:max_attempts) = 1)),
         coalesce(n.timeout_ms, (SELECT (:timeouts::bigint[])[1] WHERE cardinality(:timeouts) = 1)),
         n.unique_key, at,
         CASE WHEN at > statement_timestamp() THEN 0
              WHEN coalesce(n.queue, (SELECT (:queues::text[])[1] WHERE cardinality(:queues) = 1), 'default')
                   = ANY ((SELECT array_agg(queue) FROM paused_queues)::text[]) THEN 6
              ELSE 1 END
  FROM unnest(:ids::uuid[], :commands::text[], :payloads::text[], :queues::text[], :priorities::smallint[],
              :max_attempts::smallint[], :timeouts::bigint[], :unique_keys::text[], :due::timestamptz[], :delays::bigint[])
         AS n (id, command, payload, queue, priority, max_attempts, timeout_ms, unique_key, due, delay),
       LATERAL (SELECT coalesce(
         n.due, (SELECT (:due::timestamptz[])[1] WHERE cardinality(:due) = 1),
         statement_timestamp() + interval '1 microsecond'
           * coalesce(n.delay, (SELECT (:delays::bigint[])[1] WHERE cardinality(:delays) = 1), 0))) AS t (at)
  ON CONFLICT DO NOTHING
  RETURNING id
), counted AS (
  INSERT INTO counters (pending) SELECT count(*) FROM added HAVING count(*) > 0
)
SELECT statement_timestamp(), CASE WHEN count(*) < cardinality(:ids::uuid[]) THEN coalesce(array_agg(id), '{}') END
FROM added
