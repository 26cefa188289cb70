-- claim: lease the next ready tasks, row i to slot i. One statement serves any number of workers and coordinators.
-- index: tasks_ready (in order, no sort), then tasks_pkey; paused_queues_pkey, once. locks: the picked rows, skipping those
--        others hold.
-- params: :slots smallint[] (1-based index into the next two, one per free slot in dispatch order),
--         :sessions bigint[], :workers text[], :others text[] (commands that only workers outside this call know)
-- No join: with stale statistics the planner may walk all of tasks on the outer side of one. The rows are addressed by
-- an array of keys; width_bucket finds a key's place in the sorted array, and the place in turn names the slot.
-- Tasks of paused queues are not here but for stragglers (store/queues.py); those are left alone, too.
WITH picked AS MATERIALIZED (
  SELECT id
  FROM tasks
  WHERE state = 1 AND NOT (command = ANY (:others::text[]))
    AND NOT (queue = ANY ((SELECT coalesce(array_agg(queue), '{}') FROM paused_queues)::text[]))
  ORDER BY priority DESC, scheduled_at, id
  LIMIT cardinality(:slots::smallint[])
  FOR UPDATE SKIP LOCKED
), numbered AS MATERIALIZED (
  SELECT id, row_number() OVER () AS n FROM picked
), sorted AS MATERIALIZED (
  SELECT array_agg(id ORDER BY id) AS ids, array_agg((SELECT :slots::smallint[])[n] ORDER BY id) AS slots,
         nextval('lease_tokens') AS token
  FROM numbered
)
UPDATE tasks AS t
SET state = 2,
    attempt = attempt + 1,
    picked_at = statement_timestamp(),
    started_at = NULL,
    session_id = (SELECT :sessions::bigint[])[(SELECT slots FROM sorted)[width_bucket(t.id, (SELECT ids FROM sorted))]],
    worker_id = (SELECT :workers::text[])[(SELECT slots FROM sorted)[width_bucket(t.id, (SELECT ids FROM sorted))]],
    lease_token = (SELECT token FROM sorted)
WHERE t.id = ANY ((SELECT ids FROM sorted)::uuid[])
RETURNING t.id, t.session_id, t.lease_token, t.command, t.payload, t.attempt,
          coalesce(t.max_attempts, 0::smallint) AS max_attempts, coalesce(t.timeout_ms, 0) AS timeout_ms
